"""The control of single calls: a bare DRF view that creates one row from a serializer, behind the same token and middleware."""

from django.urls import path
from rest_framework.generics import CreateAPIView
from rest_framework.permissions import IsAuthenticated
from rest_framework.serializers import ModelSerializer

from leads.api.authentication import LeanTokenAuthentication
from leads.models import Contact
from smarketing.urls import urlpatterns as ours


class ContactSerializer(ModelSerializer):
    """A contact as it comes."""

    class Meta:
        model = Contact
        fields = ["name", "email", "email_key", "job_title", "role", "seniority", "country", "created_at"]


class BareCreate(CreateAPIView):
    """Create one row."""

    queryset = Contact.objects.all()
    serializer_class = ContactSerializer
    authentication_classes = (LeanTokenAuthentication,)
    permission_classes = (IsAuthenticated,)


urlpatterns = [path("bare", BareCreate.as_view()), *ours]
