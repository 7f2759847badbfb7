"""The user's own specification of the models: both of its examples, verbatim where slow."""

import pytest
import torch

VIT = """\
import torch
from tracknet.models import ViTBackbone, ViTBackboneConfig, UpsamplingDecoder, HeatmapHead

B, C, H, W = 2, 3, 720, 1280
x = torch.randn(B, C, H, W)

backbone = ViTBackbone(ViTBackboneConfig(
    pretrained_model_name="facebook/dinov3-vitb16-pretrain-lvd1689m",
    use_pretrained=False,  # オフライン時はfallback
))

tokens = backbone(x)                         # [B,Hp,Wp,384]
dec = UpsamplingDecoder([384,256,128,64], [2,2,2], out_size=(72,128))
feat = dec(tokens)                            # [B,64,72,128]
head = HeatmapHead(64)
out = head(feat)                              # [B,1,72,128]
print(out.shape)
"""

CONVNEXT = """\
import torch
from tracknet.models import ConvNeXtBackbone, ConvNeXtBackboneConfig, FPNDecoder, FPNDecoderConfig, HeatmapHead

B, C, H, W = 2, 3, 720, 1280
x = torch.randn(B, C, H, W)

bb = ConvNeXtBackbone(ConvNeXtBackboneConfig(
    pretrained_model_name="facebook/dinov3-convnext-base-pretrain-lvd1689m",
    use_pretrained=False,  # fallback
    tv_model='convnext_tiny',
))
feats = bb(x)                       # [C3,C4,C5]
in_chs = [f.shape[1] for f in feats]
fpn = FPNDecoder(in_channels=in_chs, cfg=FPNDecoderConfig(lateral_dim=256, fuse='sum', out_size=(72,128)))
feat = fpn(feats)                   # [B,256,72,128]
head = HeatmapHead(256)
out = head(feat)                    # [B,1,72,128]
print(out.shape)
"""  # noqa: E501


@pytest.mark.parametrize("size", ["64, 96", pytest.param("720, 1280", marks=pytest.mark.slow)])
@pytest.mark.parametrize("example", [VIT, CONVNEXT], ids=["vit", "convnext"])
def test_example_of_the_specification(example, size, capsys):
    assert "720, 1280" in example
    with torch.no_grad():
        exec(example.replace("720, 1280", size), {})
    assert capsys.readouterr().out == "torch.Size([2, 1, 72, 128])\n"
