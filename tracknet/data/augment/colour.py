"""Changes of colour, alike for all pictures of a window."""

import torch

GRAY = (0.299, 0.587, 0.114)  # ITU-R BT.601


def recolour(pictures: torch.Tensor, amounts: torch.Tensor) -> torch.Tensor:
    """Saturation, tint, contrast and brightness as one 3x3 colour matrix per sample.

    Args:
        pictures: (B,P,3,h,w) in 0..1.
        amounts: (B,6): added brightness, factors of contrast and saturation, three channel gains.
    """
    brightness, contrast, saturation = (amounts[:, i, None, None] for i in range(3))
    gains = amounts[:, 3:6, None]
    gray = amounts.new_tensor(GRAY).expand(3, 3)
    matrix = contrast * gains * torch.lerp(gray, torch.eye(3, device=gray.device), saturation)
    # Contrast turns about middle gray, so that it does not brighten.
    shift = (0.5 - 0.5 * contrast + brightness).expand(-1, 3, 1)
    b, p, _, h, w = pictures.shape
    recoloured = torch.baddbmm(
        shift.repeat_interleave(p, 0),
        matrix.repeat_interleave(p, 0),
        pictures.reshape(b * p, 3, h * w),
    )
    return recoloured.clamp_(0, 1).view(b, p, 3, h, w)


def apply_gamma(pictures: torch.Tensor, gamma: torch.Tensor) -> torch.Tensor:
    """Raises (B,P,3,h,w) in 0..1, in place, to the power of each sample's gamma (B,)."""
    return pictures.pow_(gamma.view(-1, 1, 1, 1, 1))
