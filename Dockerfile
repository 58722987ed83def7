# The service: `bot serve`. Two stages, so that nothing that builds is left in what runs.
ARG PYTHON=3.13

FROM python:${PYTHON}-slim AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
RUN python -m venv /app
WORKDIR /source
COPY requirements.txt ./
RUN /app/bin/pip install --require-hashes -r requirements.txt
COPY pyproject.toml README.md LICENSE deploymend.py ./
COPY bot ./bot
COPY codemods ./codemods
COPY webhooks ./webhooks
RUN /app/bin/pip install --no-deps . && /app/bin/pip uninstall -y pip

FROM python:${PYTHON}-slim
RUN apt-get update && apt-get install -y --no-install-recommends git && rm -rf /var/lib/apt/lists/* /var/cache/apt/* \
    && useradd --create-home --uid 1000 deploymend \
    && install -d -o deploymend -g deploymend -m 700 /data
COPY --from=build /app /app
ENV PATH=/app/bin:$PATH PYTHONSAFEPATH=1 PYTHONUNBUFFERED=1 DEPLOYMEND_DATA=/data DEPLOYMEND_HOST=0.0.0.0
WORKDIR /data
VOLUME /data
USER deploymend
EXPOSE 8080
HEALTHCHECK --interval=30s --timeout=5s --start-period=20s CMD ["python", "-c", "import os, urllib.request as u; \
    u.urlopen('http://127.0.0.1:' + (os.getenv('DEPLOYMEND_PORT') or os.getenv('PORT') or '8080') + '/health', timeout=4)"]
# `bot serve` without the command line in front of it, whose dispatch `bot check` does not follow.
CMD ["python", "-m", "bot.cli.serve"]
