"""The WSGI entry for gunicorn."""

import os

from django.core.wsgi import get_wsgi_application

from smarketing.edge import Edge
from smarketing.memory import settle

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "smarketing.settings")

application = Edge(get_wsgi_application())
settle()
