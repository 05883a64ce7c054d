"""obstore's clients, set up as the environment says.

obstore reads most variables itself; here are those that it does not know, and what a kind of store needs beside.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from typing import Any

from ..errors import StoreError
from .credentials import Profile, find_region
from .faults import short
from .urls import Place

_AZURE_IDENTITIES = (
    *("AZURE_STORAGE_ACCOUNT_KEY", "AZURE_STORAGE_ACCESS_KEY", "AZURE_STORAGE_MASTER_KEY", "AZURE_STORAGE_TOKEN"),
    *("AZURE_STORAGE_SAS_KEY", "AZURE_STORAGE_SAS_TOKEN", "AZURE_CLIENT_SECRET", "AZURE_STORAGE_CLIENT_SECRET"),
    *("AZURE_FEDERATED_TOKEN_FILE", "AZURE_MSI_ENDPOINT", "AZURE_IDENTITY_ENDPOINT", "AZURE_CREDENTIAL_TYPE"),
    *("IDENTITY_ENDPOINT", "MSI_ENDPOINT", "AZURE_STORAGE_USE_EMULATOR", "AZURE_SKIP_SIGNATURE"),
)


def connect(place: Place, profile: Profile | None, region: str | None, *, patient: bool) -> Any:
    """A client for a bucket. A patient one repeats requests that fail; the other leaves that to whoever uses it.

    Raises:
        StoreError: obstore is not installed, or refuses what the environment says.
    """
    try:
        from obstore import exceptions, store
    except ImportError as error:
        raise StoreError(
            f"the datastore {place.url} needs the package obstore, which cannot be imported ({error}): `pip install obstore`"
        ) from error
    options: Any = {
        "timeout": "10min",  # of a whole request, which may be a part of many MiB over a slow line
        "read_timeout": "2min",
        "connect_timeout": "5s",
        "pool_idle_timeout": "30s",  # servers close connections that they think idle, and the next request would find it so
    }
    retries: Any = {"max_retries": 10 if patient else 0}
    provider: Any = profile if profile is not None and profile.found else None
    try:
        match place.kind:
            case "s3":
                settings = s3_settings(os.environ, profile, region)
                _allow(options, settings.get("endpoint"))
                _trust(options, os.environ, settings.get("endpoint"))
                return store.S3Store(
                    place.bucket,
                    client_options=options,
                    retry_config=retries,
                    credential_provider=provider,
                    **settings,
                )
            case "az":
                settings = azure_settings(os.environ, place.account)
                _allow(options, settings.get("endpoint"))
                return store.AzureStore(place.bucket, client_options=options, retry_config=retries, **settings)
            case _:
                settings = google_settings(os.environ)
                _allow(options, os.environ.get("STORAGE_EMULATOR_HOST"))
                return store.GCSStore(place.bucket, client_options=options, retry_config=retries, **settings)
    except (exceptions.BaseError, ValueError, OSError) as error:
        raise StoreError(f"the datastore {place.url} cannot be used: {short(str(error))}") from error


def s3_region(place: Place, environment: Mapping[str, str], profile: Profile | None) -> str:
    """The region that the environment or the profile names, else the one that the bucket is in."""
    named = environment.get("AWS_REGION") or environment.get("AWS_DEFAULT_REGION") or (profile.region if profile else None)
    if named:
        return named
    return "us-east-1" if s3_endpoint(environment, profile) else find_region(place.bucket)


def s3_endpoint(environment: Mapping[str, str], profile: Profile | None) -> str | None:
    """The address of a store that speaks S3 and is not AWS's, if one is named."""
    if environment.get("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "").lower() == "true":
        return None
    named = environment.get("AWS_ENDPOINT_URL_S3") or environment.get("AWS_ENDPOINT_URL") or environment.get("AWS_ENDPOINT")
    return (named or (profile.endpoint if profile else None) or "").rstrip("/") or None


def s3_settings(environment: Mapping[str, str], profile: Profile | None, region: str | None) -> dict[str, Any]:
    """The settings of an S3 client that obstore does not find itself."""
    settings: dict[str, Any] = {"region": region}
    endpoint = s3_endpoint(environment, profile)
    if endpoint is not None:
        settings["endpoint"] = settings["aws_endpoint_url_s3"] = endpoint
    if not (endpoint or "").startswith("http:"):
        # TLS sees to it that what is sent arrives; without, the signature covers a hash of the content.
        settings["unsigned_payload"] = True
    return settings


def azure_settings(environment: Mapping[str, str], account: str | None) -> dict[str, Any]:
    """The settings of an Azure client that obstore does not find itself: connection strings, the names that `az` uses."""
    settings: dict[str, Any] = {}
    account = account or environment.get("AZURE_STORAGE_ACCOUNT_NAME") or environment.get("AZURE_STORAGE_ACCOUNT")
    endpoint = environment.get("AZURE_STORAGE_ENDPOINT") or environment.get("AZURE_ENDPOINT")
    key = environment.get("AZURE_STORAGE_KEY")
    text = environment.get("AZURE_STORAGE_CONNECTION_STRING")
    if text:
        pairs = (part.partition("=") for part in text.split(";") if part)
        fields = {name: value for name, _, value in pairs}
        if fields.get("UseDevelopmentStorage", "").lower() == "true":
            return {"use_emulator": True}
        account = account or fields.get("AccountName")
        key = key or fields.get("AccountKey")
        scheme, suffix = fields.get("DefaultEndpointsProtocol", "https"), fields.get("EndpointSuffix", "core.windows.net")
        endpoint = endpoint or fields.get("BlobEndpoint") or f"{scheme}://{account}.blob.{suffix}"
        if "SharedAccessSignature" in fields:
            settings["sas_key"] = fields["SharedAccessSignature"].lstrip("?")
    if key:
        settings["account_key"] = key
    if endpoint:
        settings["endpoint"] = endpoint.rstrip("/")
    if not account and not environment.get("AZURE_STORAGE_USE_EMULATOR"):
        raise ValueError("no storage account is named: set AZURE_STORAGE_ACCOUNT, or AZURE_STORAGE_CONNECTION_STRING")
    if account:
        settings["account_name"] = account
    if not settings.keys() & {"account_key", "sas_key"} and not any(environment.get(name) for name in _AZURE_IDENTITIES):
        from shutil import which

        settings["use_azure_cli"] = which("az") is not None
    return settings


def google_settings(environment: Mapping[str, str]) -> dict[str, Any]:
    """The settings of a Google client that obstore does not find itself: the address of an emulator."""
    emulator = environment.get("STORAGE_EMULATOR_HOST")
    if not emulator:
        return {}
    address = emulator if "://" in emulator else f"http://{emulator}"
    nobody = {
        "gcs_base_url": address.rstrip("/"),
        "disable_oauth": True,
        "client_email": "",
        "private_key": "",
        "private_key_id": "",
    }
    return {"service_account_key": json.dumps(nobody)}


def _allow(options: Any, endpoint: str | None) -> None:
    """Let a client speak plain HTTP to an address that says so."""
    if endpoint and not endpoint.startswith("https:"):
        options["allow_http"] = True


def _trust(options: Any, environment: Mapping[str, str], endpoint: str | None) -> None:
    """Have a client trust the certificates that AWS's tools are told to, if it is to speak TLS with the store or with STS."""
    bundle = environment.get("AWS_CA_BUNDLE")
    if bundle and (not (endpoint or "").startswith("http:") or "AWS_WEB_IDENTITY_TOKEN_FILE" in environment):
        try:
            with open(bundle, "rb") as file:  # noqa: PTH123
                options["root_certificate"] = file.read()
        except OSError as error:
            raise ValueError(f"AWS_CA_BUNDLE names {bundle}, which cannot be read ({error.strerror})") from None
