# syntax=docker/dockerfile:1
FROM python:3.13-slim AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
RUN python -m venv /venv
WORKDIR /src
COPY requirements.lock .
RUN /venv/bin/pip install --require-hashes -r requirements.lock
COPY pyproject.toml README.md ./
COPY runtime runtime
COPY admin_ui admin_ui
COPY tags tags
RUN /venv/bin/pip install --no-deps . && /venv/bin/python -m compileall -q /venv/lib

FROM python:3.13-slim
LABEL org.opencontainers.image.title="Firsthand" \
      org.opencontainers.image.description="A self-hosted, first-party tag server"
RUN useradd --uid 10001 --no-create-home --shell /usr/sbin/nologin firsthand \
    && install -d -o firsthand -g firsthand /data
COPY --from=build /venv /venv
ENV PATH=/venv/bin:$PATH PYTHONDONTWRITEBYTECODE=1 FIRSTHAND_DATA_DIR=/data
USER 10001
VOLUME /data
EXPOSE 8080
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=3s --start-period=10s CMD ["firsthand", "health"]
ENTRYPOINT ["firsthand"]
CMD ["serve", "--host", "0.0.0.0"]
