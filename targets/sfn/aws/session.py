"""Clients of one AWS region, and what AWS refuses as one sentence.

Credentials, profile, region and endpoints are those that boto3 finds: `AWS_PROFILE`, `AWS_REGION`, `AWS_ENDPOINT_URL`, `~/.aws`,
roles. Throttled requests and broken connections are repeated by boto3 (`standard` mode), or only by the caller.

    session = Session()
    machine = session.ask("stepfunctions", "describe_state_machine", stateMachineArn=arn)      # raises AwsError
"""

from __future__ import annotations

import os
import re
import threading
from collections.abc import Callable, Iterator
from functools import cached_property
from typing import Any, Final

from ...platform import PlatformError

_ATTEMPTS: Final = 6
"""How often a request is made at the most; boto3's own 3 are soon used up where a whole team deploys at once."""

_DISPENSABLE: Final = ("iam",)
"""Services that are only asked for the sake of better messages: once, and not for long."""

_EXPIRED: Final = frozenset({"ExpiredToken", "ExpiredTokenException", "RequestExpired", "TokenRefreshRequired"})
_UNRENEWED: Final = frozenset(
    {"UnauthorizedSSOTokenError", "SSOTokenLoadError", "TokenRetrievalError", "LoginRefreshRequired"}
    | {"CredentialRetrievalError", "MetadataRetrievalError", "NoCredentialsError"}
)
"""What boto3 raises where it should get new credentials and cannot."""
_WRONG_KEYS: Final = {
    "InvalidClientTokenId": "AWS does not know the access key",
    "UnrecognizedClientException": "AWS does not know the access key",
    "InvalidAccessKeyId": "AWS does not know the access key",
    "SignatureDoesNotMatch": "the secret key does not belong to the access key",
    "InvalidSignatureException": "the secret key does not belong to the access key",
    "AuthFailure": "AWS does not accept the credentials",
    "IncompleteSignature": "AWS does not accept the credentials",
    "InvalidToken": "AWS does not accept the session token",
}
_DENIED: Final = frozenset({"AccessDenied", "AccessDeniedException", "UnauthorizedOperation", "AuthorizationError", "403"})
_THROTTLED: Final = frozenset(
    {
        *("Throttling", "ThrottlingException", "ThrottledException", "TooManyRequestsException", "RequestLimitExceeded"),
        *("RequestThrottled", "RequestThrottledException", "SlowDown"),
    }
)
_SKEWED: Final = frozenset({"RequestTimeTooSkewed", "RequestInTheFuture"})
_BUSY: Final = frozenset({"ConflictException", "ConcurrentModificationException", "OperationAborted"})
_UNSENT: Final = frozenset({"EndpointConnectionError", "ConnectTimeoutError", "ProxyConnectionError"})
"""What boto3 raises where nobody has heard the request."""
_BROKEN: Final = frozenset({"ConnectionClosedError", "ReadTimeoutError", "HTTPClientError", "ResponseStreamingError"})
"""And where that is not known."""
_MISSING: Final = frozenset(
    {
        *("ResourceNotFound", "ResourceNotFoundException", "StateMachineDoesNotExist", "ExecutionDoesNotExist"),
        *("NoSuchBucket", "NoSuchKey", "NoSuchEntity", "NotFound", "404"),
    }
)
_ACTIONS: Final = {
    "HeadBucket": "s3:ListBucket",
    "HeadObject": "s3:GetObject",
    "GetResources": "tag:GetResources",
}
"""The IAM actions that are not called as the operation is."""
_REFUSAL: Final = re.compile(r"not authorized to perform:? (?P<action>[\w-]+:\w+)(?: on (?:the )?resource:? (?P<resource>\S+))?")
_FORBIDDING: Final = re.compile(
    r"(?:(?P<explicit>explicit deny) in|because no)(?: an?)? (?P<policy>[\w -]+? (?:policy|boundary))"
)
"""What kind of policy AWS says that it was.

https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_access-denied.html
"""


_LOOK: Final = "look into the variables AWS_… and ~/.aws/config"


class AwsError(PlatformError):
    """What AWS refuses, or that it cannot be asked.

    Attributes:
        code: AWS's word for it, such as `StateMachineDoesNotExist`, or the name of boto3's exception.
        said: What AWS says itself.
        passing: Whether it may be otherwise later, though nobody corrects the request.
        unknown: Whether AWS may have done what it was asked for.
    """

    def __init__(
        self, message: str, *, code: str, said: str = "", setup: bool = False, passing: bool = False, unknown: bool = False
    ) -> None:
        super().__init__(message, setup=setup)
        self.code = code
        self.said = said
        self.passing = passing
        self.unknown = unknown

    @property
    def missing(self) -> bool:
        """Whether what was asked for is not there."""
        return self.code in _MISSING

    @property
    def denied(self) -> bool:
        """Whether a permission is missing."""
        return self.code in _DENIED

    @property
    def expired(self) -> bool:
        """Whether there are no credentials any more, if there were any: `Session.renew` finds those of another login."""
        return self.code in _EXPIRED or self.code in _UNRENEWED


class Session:
    """What AWS is asked with: an account, a region, and clients that are made when they are first needed.

    Args:
        once: Whether each request is made once only, and not waited for as long: the caller makes it again.
    """

    def __init__(self, *, once: bool = False) -> None:
        self._once = once
        self._clients: dict[str, Any] = {}
        self._making = threading.Lock()

    def client(self, service: str) -> Any:
        """boto3's client of a service.

        Raises:
            AwsError: boto3 is not installed, or what the environment and ~/.aws say makes no sense.
        """
        with self._making:  # which a session of boto3's cannot do twice at a time
            return self._client(service)

    def _client(self, service: str) -> Any:
        if service not in self._clients:
            _demand_endpoint(service)
            try:
                self._clients[service] = _explained(
                    lambda: self._boto.client(service, region_name=self.region, config=_config(service, once=self._once)),
                    service,
                    None,
                )
            except ValueError as error:  # of a variable that botocore takes as it is
                raise AwsError(f"AWS cannot be asked: {_one_line(str(error))} ({_LOOK})", code="ValueError", setup=True) from None
        return self._clients[service]

    def ask(self, service: str, operation: str, **parameters: Any) -> dict[str, Any]:
        """Make a request, by boto3's name of its operation.

        Raises:
            AwsError: It was refused, or there was no answer.
        """
        client = self.client(service)
        answer: dict[str, Any] = _explained(lambda: getattr(client, operation)(**parameters), service, client)
        return answer

    def pages(self, service: str, operation: str, items: str, **parameters: Any) -> Iterator[Any]:
        """The items of all pages of an answer, as they are asked for.

        Args:
            items: The field of the answer that holds them.

        Raises:
            AwsError: One was refused.
        """
        token: dict[str, Any] = {}
        while True:
            answer = self.ask(service, operation, **parameters, **token)
            yield from answer.get(items, ())
            name = next((one for one in ("nextToken", "NextToken", "PaginationToken") if answer.get(one)), None)
            if name is None:
                return
            token = {name: answer[name]}

    def renew(self) -> None:
        """Look for credentials anew: those that there were have expired."""
        with self._making:
            self._clients = {}
            vars(self).pop("_boto", None)

    @cached_property
    def region(self) -> str:
        """The region.

        Raises:
            AwsError: None is named.
        """
        region: str | None = _explained(lambda: self._boto.region_name, "", None)
        # boto3 itself does not read AWS_REGION, which all other SDKs do.
        region = os.environ.get("AWS_REGION") or region
        if not region:
            raise AwsError(
                "no AWS region is named: set AWS_REGION, or `region` of your profile in ~/.aws/config",
                code="NoRegion",
                setup=True,
            )
        return region

    @cached_property
    def account(self) -> str:
        """The account's id, of twelve digits.

        Raises:
            AwsError: There are no credentials, or AWS does not accept them.
        """
        return str(self.ask("sts", "get_caller_identity")["Account"])

    @cached_property
    def partition(self) -> str:
        """What all ARNs of the region begin with after `arn:`: `aws`, `aws-cn`, `aws-us-gov`."""
        found: str = _explained(lambda: self._boto.get_partition_for_region(self.region), "", None)
        return found

    def arn(self, service: str, resource: str) -> str:
        """The ARN of something in this account and region: `arn("states", "stateMachine:Sums")`."""
        return f"arn:{self.partition}:{service}:{self.region}:{self.account}:{resource}"

    @property
    def where(self) -> str:
        """Account and region, for people."""
        return f"AWS account {self.account}, {self.region}"

    @cached_property
    def console(self) -> str:
        """The address of AWS's console for the region."""
        domain = {"aws-cn": "console.amazonaws.cn", "aws-us-gov": "console.amazonaws-us-gov.com"}
        return f"https://{self.region}.{domain.get(self.partition, 'console.aws.amazon.com')}"

    @cached_property
    def _boto(self) -> Any:
        return _explained(_boto_session, "", None)


def _demand_endpoint(service: str) -> None:
    """Make sure that the variable that names a server in the place of AWS's own, if there is one, holds an address.

    Raises:
        AwsError: It does not.
    """
    for name in (f"AWS_ENDPOINT_URL_{service.upper()}", "AWS_ENDPOINT_URL"):
        if address := os.environ.get(name):
            if not address.startswith(("http://", "https://")):
                raise AwsError(f"{name} is '{address}', and must begin with http:// or https://", code="Endpoint", setup=True)
            return


def _boto_session() -> Any:
    try:
        import boto3.session
    except ImportError as error:
        raise AwsError(
            f"AWS is asked through the package boto3, which cannot be imported ({error}): `pip install boto3`",
            code="ImportError",
            setup=True,
        ) from None
    return boto3.session.Session()


def _config(service: str, *, once: bool) -> Any:
    from botocore.config import Config

    if once:
        return Config(retries={"total_max_attempts": 1}, connect_timeout=10, read_timeout=30, user_agent_extra="flowc")
    if service in _DISPENSABLE:
        return Config(retries={"total_max_attempts": 1}, connect_timeout=3, read_timeout=5, user_agent_extra="flowc")
    retries: Any = {}
    if not os.environ.get("AWS_RETRY_MODE"):
        retries["mode"] = "standard"
    if not os.environ.get("AWS_MAX_ATTEMPTS"):
        retries["total_max_attempts"] = _ATTEMPTS
    return Config(retries=retries, connect_timeout=10, user_agent_extra="flowc")


def _explained(request: Callable[[], Any], service: str, client: Any) -> Any:
    """The answer to a request; what boto3 raises becomes an `AwsError`."""
    # boto3 itself may not be there.
    try:
        from botocore.exceptions import BotoCoreError, ClientError
    except ImportError:
        return request()
    try:
        return request()
    except ClientError as error:
        raise _refused(error, service, client) from None
    except BotoCoreError as error:
        raise _unasked(error) from None


def _refused(error: Any, service: str, client: Any) -> AwsError:
    """What AWS answered, of botocore's `ClientError`."""
    told = error.response.get("Error", {})
    code, said = str(told.get("Code") or "Unknown"), _one_line(str(told.get("Message") or ""))
    status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    operation: str = error.operation_name
    prefix = client.meta.service_model.signing_name if client is not None else service
    action = _ACTIONS.get(operation, f"{prefix}:{operation}")

    def made(message: str, *, setup: bool = False, passing: bool = False, unknown: bool = False) -> AwsError:
        return AwsError(message, code=code, said=said, setup=setup, passing=passing, unknown=unknown)

    if code in _EXPIRED:
        return made(f"the AWS credentials{_of_profile()} have expired: renew them ({_login()})", setup=True)
    if code in _WRONG_KEYS:
        return made(f"{_WRONG_KEYS[code]}: correct the credentials{_of_profile()} ({_login()})", setup=True)
    if code in _DENIED or (status == 403 and code not in _SKEWED):
        refusal = _REFUSAL.search(said)
        action = refusal["action"] if refusal else action
        resource = refusal["resource"] if refusal and refusal["resource"] else ""
        on = f" on {resource.rstrip('.')}" if resource else ""
        return made(f"AWS denies {action}{on}: {_forbidden(said)}", setup=True)
    if code in _SKEWED:
        return made("the clock of this machine is too far from AWS's: set it", setup=True)
    if code in _THROTTLED or status == 429:
        tries = error.response.get("ResponseMetadata", {}).get("RetryAttempts", 0) + 1
        again = f" (tried {tries} times)" if tries > 1 else ""
        return made(f"AWS has too many requests for {action} just now{again}: try again in a minute", passing=True)
    if code in _BUSY:
        return made(f"somebody else is changing the same thing at this moment ({action}): try again in a minute", passing=True)
    if status >= 500:
        return made(f"AWS failed at {action} ({status} {code}): try again in a minute", passing=True, unknown=True)
    return made(f"AWS refuses {action} ({code}): {said or 'it does not say why'}")


def _forbidden(said: str) -> str:
    """What must change for something to be allowed, of AWS's words."""
    found = _FORBIDDING.search(said)
    if found is None or (not found["explicit"] and found["policy"] == "identity-based policy"):
        return f"the credentials{_of_profile()} need that permission"
    forbids = "forbids it" if found["explicit"] else "does not allow it"
    if found["policy"] == "identity-based policy":
        return f"a policy of the credentials{_of_profile()} {forbids}"
    kind = {"service control policy": "service control policy (SCP)", "resource control policy": "resource control policy (RCP)"}
    return f"a {kind.get(found['policy'], found['policy'])} {forbids}, which the administrators of the account can change"


def _unasked(error: Exception) -> AwsError:
    """Why AWS could not be asked, of what botocore raises before there is an answer."""
    code = type(error).__name__
    said = _one_line(str(error)).rstrip(".")
    endpoint = _one_line(str(getattr(error, "kwargs", {}).get("endpoint_url") or ""))
    match code:
        case "NoCredentialsError" | "PartialCredentialsError" | "CredentialRetrievalError":
            why = (
                "there are no AWS credentials" if code == "NoCredentialsError" else f"the AWS credentials cannot be had ({said})"
            )
            message = f"{why}: set AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"
            return AwsError(message, code=code, said=said, setup=True)
        case "ProfileNotFound":
            return AwsError(f"there is no profile{_of_profile(' ')} in ~/.aws/config: correct AWS_PROFILE", code=code, setup=True)
        case "NoRegionError":
            return AwsError("no AWS region is named: set AWS_REGION", code=code, setup=True)
        case _ if code in _UNSENT or code in _BROKEN:
            message = f"AWS cannot be reached at {endpoint or 'its endpoint'}: {_why_not(code)}"
            return AwsError(message, code=code, said=said, passing=True, unknown=code in _BROKEN)
        case "SSLError":
            return AwsError(
                f"the certificate of {endpoint or 'AWS'} is not trusted: set AWS_CA_BUNDLE to a file with its authority",
                code=code,
                said=said,
                setup=True,
                unknown=True,  # it may also have broken after the request
            )
        case "ParamValidationError":
            return AwsError(f"AWS would refuse a request: {said}", code=code, said=said)
        case _:
            sso = "SSO" in code or "Token" in code or "sso" in said.lower()
            todo = _login() if sso else _LOOK
            return AwsError(f"AWS cannot be asked: {said} ({todo})", code=code, said=said, setup=True)


def _why_not(code: str) -> str:
    return {
        "EndpointConnectionError": "no connection; see to the network, AWS_REGION and AWS_ENDPOINT_URL",
        "ProxyConnectionError": "no connection to the proxy; see to the network, HTTPS_PROXY and NO_PROXY",
        "ConnectionClosedError": "the connection broke; try again",
        "ResponseStreamingError": "the connection broke; try again",
    }.get(code, "it does not answer in time; try again")


def _of_profile(before: str = " of the profile ") -> str:
    profile = os.environ.get("AWS_PROFILE") or os.environ.get("AWS_DEFAULT_PROFILE")
    return f"{before}{profile}" if profile else ""


def _login() -> str:
    if os.environ.get("AWS_ACCESS_KEY_ID"):
        return "AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN"
    profile = os.environ.get("AWS_PROFILE") or os.environ.get("AWS_DEFAULT_PROFILE")
    return f"`aws sso login{f' --profile {profile}' if profile else ''}`, or whatever you log in with"


def _one_line(text: str) -> str:
    return " ".join(text.split())
