# The production image: web, worker, mailer and scheduler are the same image with another command (docker-compose.yml).

FROM node:22-slim AS front-end
WORKDIR /app
COPY package.json package-lock.json ./
RUN npm ci --ignore-scripts --no-audit --no-fund

FROM python:3.11-slim AS packages
ENV PIP_DISABLE_PIP_VERSION_CHECK=1
WORKDIR /app
COPY requirements/uv.txt requirements/uv.txt
COPY requirements.txt .
RUN python -m venv /opt/venv \
    && pip install --no-cache-dir --require-hashes -r requirements/uv.txt \
    && uv pip sync --no-cache --python /opt/venv/bin/python --require-hashes requirements.txt

FROM python:3.11-slim
ENV PATH=/opt/venv/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    PRODUCTION=1 \
    HOST=0.0.0.0 \
    PORT=8000 \
    SMARKETING_VAR_DIR=/data
RUN useradd --system --uid 10001 --no-create-home smarketing && install -d -o smarketing /data
WORKDIR /app
COPY --from=packages /opt/venv /opt/venv
COPY --from=front-end /app/node_modules node_modules
COPY . .
# The key is for this one command: static files do not depend on it.
RUN SECRET_KEY=only-for-collecting-static-files-while-building-the-image \
    python manage.py collectstatic --no-input --verbosity 0 \
    && rm -rf node_modules && python -m compileall -q .
USER smarketing
VOLUME /data
EXPOSE 8000
HEALTHCHECK --interval=10s --timeout=3s --start-period=20s --retries=3 \
    CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8000/healthz', timeout=2)"]
CMD ["gunicorn", "--config", "python:smarketing.webserver", "smarketing.wsgi"]
