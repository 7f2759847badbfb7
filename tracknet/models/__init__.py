"""Backbone -> neck -> decoder -> head, in plain torch."""

from tracknet.models.backbones.base import Backbone
from tracknet.models.backbones.conv_backbone import ConvBackbone
from tracknet.models.backbones.convnext_backbone import ConvNeXtBackbone, ConvNeXtBackboneConfig
from tracknet.models.backbones.vit_backbone import ViTBackbone, ViTBackboneConfig
from tracknet.models.decoders.fpn_decoder import FPNDecoder, FPNDecoderConfig
from tracknet.models.decoders.unet_decoder import UNetDecoder
from tracknet.models.decoders.upsampling_decoder import UpsamplingDecoder
from tracknet.models.detail import ConvDetail
from tracknet.models.heads.heatmap_head import HeatmapHead
from tracknet.models.heatmap_model import HeatmapModel
from tracknet.models.inputs import WindowInput
from tracknet.models.temporal import Temporal

__all__ = [
    "Backbone",
    "ConvBackbone",
    "ConvDetail",
    "ConvNeXtBackbone",
    "ConvNeXtBackboneConfig",
    "FPNDecoder",
    "FPNDecoderConfig",
    "HeatmapHead",
    "HeatmapModel",
    "Temporal",
    "UNetDecoder",
    "UpsamplingDecoder",
    "ViTBackbone",
    "ViTBackboneConfig",
    "WindowInput",
]
