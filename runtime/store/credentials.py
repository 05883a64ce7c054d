"""Who flowc is to AWS, where obstore does not find out by itself.

obstore reads keys in the environment, and asks web identity, container roles and instance roles. What stands in the files of
`~/.aws` (profiles, SSO, roles to assume, `credential_process`) is read by botocore, which is imported only where there are such
files and no keys in the environment, as botocore would have it itself.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypedDict

from ..errors import StoreError

if TYPE_CHECKING:
    from datetime import datetime


class Keys(TypedDict):
    """What obstore asks a provider for."""

    access_key_id: str
    secret_access_key: str
    token: str | None
    expires_at: datetime | None


class Profile:
    """What the files of `~/.aws` say, and the credentials that come of it. Outlives a fork."""

    def __init__(self) -> None:
        import botocore.exceptions
        import botocore.session

        self._faults = (botocore.exceptions.BotoCoreError, botocore.exceptions.ClientError)
        try:
            session = botocore.session.Session()
            # obstore asks these two itself, without botocore's weight in each refresh.
            providers = session.get_component("credential_provider")
            for name in ("container-role", "iam-role"):
                providers.remove(name)
            self.region: str | None = session.get_config_variable("region")
            self.endpoint = _endpoint(session)
            self._credentials: Any = session.get_credentials()
        except self._faults as error:
            raise _refused(error) from error
        if self._credentials is not None:
            self()

    @property
    def found(self) -> bool:
        """Whether there are credentials."""
        return self._credentials is not None

    def __call__(self) -> Keys:
        """The credentials, fetched again when they are about to expire. This is obstore's interface for a provider."""
        from datetime import UTC

        try:
            frozen = self._credentials.get_frozen_credentials()
        except self._faults as error:
            raise _refused(error) from error
        expires: datetime | None = getattr(self._credentials, "_expiry_time", None)  # only those that expire have it
        return {
            "access_key_id": frozen.access_key,
            "secret_access_key": frozen.secret_key,
            "token": frozen.token,
            "expires_at": expires and expires.astimezone(UTC),  # obstore takes no other zone, not even one that is the same
        }


def read_profile(environment: Mapping[str, str]) -> Profile | None:
    """The profile that applies, or None where there is nothing to read or the environment has keys.

    Raises:
        StoreError: It is meant to apply, but is not there, or has expired.
    """
    if environment.get("AWS_ACCESS_KEY_ID"):
        return None
    named = environment.get("AWS_PROFILE") or environment.get("AWS_DEFAULT_PROFILE")
    files = (
        environment.get("AWS_SHARED_CREDENTIALS_FILE") or "~/.aws/credentials",
        environment.get("AWS_CONFIG_FILE") or "~/.aws/config",
    )
    if not named and not any(os.path.isfile(os.path.expanduser(file)) for file in files):  # noqa: PTH111, PTH113
        return None
    return Profile()


def find_region(bucket: str) -> str:
    """The region of a bucket in AWS, which S3 tells everybody who asks; `us-east-1` if it does not."""
    from http.client import HTTPException, HTTPSConnection

    connection = HTTPSConnection("s3.amazonaws.com", timeout=5)
    try:
        connection.request("HEAD", f"/{bucket}")
        return connection.getresponse().getheader("x-amz-bucket-region") or "us-east-1"
    except (OSError, HTTPException):
        return "us-east-1"
    finally:
        connection.close()


def _endpoint(session: Any) -> str | None:
    """The endpoint for S3 that the profile names."""
    profile = session.get_scoped_config()
    services = session.full_config.get("services", {}).get(profile.get("services"), {})
    found: str | None = services.get("s3", {}).get("endpoint_url") or profile.get("endpoint_url")
    return found


def _refused(error: Exception) -> StoreError:
    reason = " ".join(str(error).split()).rstrip(".")
    profile = os.environ.get("AWS_PROFILE") or os.environ.get("AWS_DEFAULT_PROFILE")
    where = f" of the profile {profile}" if profile else ""
    sso = "SSO" in type(error).__name__ or "SSO" in reason or "sso" in reason
    todo = f"log in again with `aws sso login{f' --profile {profile}' if profile else ''}`" if sso else "look into ~/.aws/config"
    return StoreError(f"the AWS credentials{where} cannot be had: {reason}; {todo}")
