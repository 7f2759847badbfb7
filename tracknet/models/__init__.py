"""Backbone -> neck -> decoder -> head, in plain torch."""

from tracknet.models.attention import MotionAttention as MotionAttention
from tracknet.models.backbones.base import Backbone as Backbone
from tracknet.models.backbones.conv_backbone import ConvBackbone as ConvBackbone
from tracknet.models.backbones.convnext_backbone import (
    ConvNeXtBackbone as ConvNeXtBackbone,
    ConvNeXtBackboneConfig as ConvNeXtBackboneConfig,
)
from tracknet.models.backbones.hf_backbone import HFBackbone as HFBackbone
from tracknet.models.backbones.hrnet_backbone import HRNetBackbone as HRNetBackbone
from tracknet.models.backbones.timm_backbone import TimmBackbone as TimmBackbone
from tracknet.models.backbones.vgg_backbone import VGGBackbone as VGGBackbone
from tracknet.models.backbones.vit_backbone import (
    ViTBackbone as ViTBackbone,
    ViTBackboneConfig as ViTBackboneConfig,
)
from tracknet.models.decoders.concat_decoder import ConcatDecoder as ConcatDecoder
from tracknet.models.decoders.fpn_decoder import (
    FPNDecoder as FPNDecoder,
    FPNDecoderConfig as FPNDecoderConfig,
)
from tracknet.models.decoders.unet_decoder import UNetDecoder as UNetDecoder
from tracknet.models.decoders.upsampling_decoder import UpsamplingDecoder as UpsamplingDecoder
from tracknet.models.detail import ConvDetail as ConvDetail
from tracknet.models.heads.heatmap_head import HeatmapHead as HeatmapHead, PointHead as PointHead
from tracknet.models.heatmap_model import HeatmapModel as HeatmapModel
from tracknet.models.inputs import FrameInput as FrameInput, WindowInput as WindowInput
from tracknet.models.temporal import SharedTime as SharedTime, Temporal as Temporal
