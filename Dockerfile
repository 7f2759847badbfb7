# docker build -t tracknet .                          with CUDA; run it with --gpus all
# docker build -t tracknet --build-arg TORCH=cpu .    without
# docker run --rm --user "$(id -u):$(id -g)" --volume "$PWD:/data" tracknet \
#   tracknet-predict ckpt=run source=match.mp4        (training: --shm-size 4g, for its workers)
FROM python:3.11-slim

ARG TORCH=
WORKDIR /build
COPY pyproject.toml requirements.lock README.md LICENSE ./
COPY configs configs
COPY tracknet tracknet
RUN pip install --no-cache-dir uv \
    && uv pip install --system --no-cache --compile-bytecode ${TORCH:+--torch-backend "$TORCH"} \
        --constraint requirements.lock . \
    && rm -rf /build/*

# Whoever runs it is not root, and need not be anybody that the image knows.
ENV HOME=/tmp
USER 1000
WORKDIR /data
CMD ["tracknet-predict", "--help"]
