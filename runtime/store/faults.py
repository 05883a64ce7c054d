"""What went wrong with a request, from what obstore says of it: a text of many lines that holds the status, the store's own code
and the nature of a broken connection."""

from __future__ import annotations

import re
from typing import NamedTuple

from ..errors import StoreError
from .urls import Place

_STATUS = re.compile(r"status code: (\d{3})")
_CODE = re.compile(r"<Code>(\w+)</Code>")
_SAID = re.compile(r"<Message>([^<\n]*)")
_REGION = re.compile(r"<Region>([\w-]+)</Region>|expecting '([\w-]+)'")
_ADDRESS = re.compile(r"https?://[^\s/?]+")
_BROKEN = re.compile(r"kind: (Connect|Timeout|Request|Interrupted|Decode|Body)|IncompleteMessage|UnexpectedEof|ConnectionReset")
_PAGE = re.compile(r"status code: (?:[23]\d\d|40[0-6])[^\n:]*: *(?:<!doctype html|<html)", re.IGNORECASE)
_NO_XML = re.compile(r"status code: 40[45][^\n:]*: *\{")
_SENSELESS = ("Header missing from response", "invalid list response", "TooManyRedirects", "Parse(")
_IS_NUMBER = re.compile(r"[\d.]+(:\d+)?$|\[")
_NO_CERTIFICATES = (
    "there are no certificates of authorities on this machine, which TLS needs: install the package ca-certificates, or set "
    "SSL_CERT_FILE to a file of them"
)
_TRANSIENT = {408, 429, 500, 502, 503, 504}
_METADATA = ("169.254.169.254", "169.254.170.2", "/latest/api/token", "/latest/meta-data", "metadata.google", "/oauth2/token")

_WRONG = {
    "InvalidAccessKeyId": "does not know the access key that the credentials name",
    "SignatureDoesNotMatch": "finds that the secret key does not belong to the access key",
    "InvalidToken": "does not accept the session token",
    "ExpiredToken": "finds the credentials expired",
    "TokenRefreshRequired": "finds the credentials expired",
    "AuthorizationFailure": "does not accept the credentials",
    "AuthenticationFailed": "does not accept the credentials",
    "InvalidAuthenticationInfo": "does not accept the credentials",
}
_TODO = {
    "s3": "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE",
    "az": "set AZURE_STORAGE_ACCOUNT and AZURE_STORAGE_KEY or AZURE_STORAGE_SAS_TOKEN, or log in with `az login`",
    "gs": "set GOOGLE_APPLICATION_CREDENTIALS, or log in with `gcloud auth application-default login`",
}
_SPEECH = {"s3": "S3", "az": "Azure Blob Storage", "gs": "Google Cloud Storage"}
_KEYS = {"s3": "AWS_ACCESS_KEY_ID", "az": "AZURE_STORAGE_ACCOUNT", "gs": "GOOGLE_APPLICATION_CREDENTIALS"}


class Fault(NamedTuple):
    """A request that failed.

    Attributes:
        status: The status of the answer, 0 if there was none.
        code: The store's own word for it, "" if it gave none.
        text: All that obstore says.
        times: How often the request was made.
    """

    status: int
    code: str
    text: str
    times: int = 1

    @property
    def transient(self) -> bool:
        """Whether the same request may succeed a little later."""
        if self.status:
            return self.status in _TRANSIENT or self.code in ("ConditionalRequestConflict", "OperationAborted", "RequestTimeout")
        return self.broken

    @property
    def broken(self) -> bool:
        """Whether the connection failed."""
        return not self.status and "builder error" not in self.text and _BROKEN.search(self.text) is not None

    @property
    def unreachable(self) -> bool:
        """Whether there was no connection."""
        return not self.status and "kind: Connect" in self.text

    @property
    def alien(self) -> bool:
        """Whether the answer is none that such a store gives: that of a web page, or of some other service."""
        return _PAGE.search(self.text) is not None or any(words in self.text for words in _SENSELESS)

    @property
    def exists(self) -> bool:
        """Whether there is an object where there should have been none."""
        return self.status == 412 or self.code == "BlobAlreadyExists"

    @property
    def too_large(self) -> bool:
        """Whether the object is larger than the store copies in one go."""
        return self.status == 400 and "copy source" in self.text

    @property
    def no_range(self) -> bool:
        """Whether there is an object, but no byte of it where it was asked for."""
        return self.status == 416 or "but object was only" in self.text

    @property
    def missing(self) -> bool:
        """Whether there is no such object, though there is its bucket."""
        return (
            self.status == 404
            and not self.alien
            and self.code not in ("NoSuchBucket", "ContainerNotFound")
            and "bucket does not exist" not in self.text
        )


def read_fault(error: BaseException, times: int = 1) -> Fault:
    """What obstore's error says."""
    text = str(error)
    status, code = _STATUS.search(text), _CODE.search(text)
    return Fault(int(status[1]) if status else 0, code[1] if code else "", text, times)


def explain(place: Place, verb: str, key: str, fault: Fault) -> StoreError:
    """A failed request as one sentence: what could not be done with which object, why, and what to do."""
    what = key or "its flows"
    return StoreError(f"the datastore {place.url} cannot {verb} {what}: {_reason(place, verb, fault)}")


def _reason(place: Place, verb: str, fault: Fault) -> str:
    text, code = fault.text, fault.code
    said = _SAID.search(text)
    wrong_region = code in ("PermanentRedirect", "AuthorizationHeaderMalformed", "IllegalLocationConstraintException")
    region = _REGION.search(text)
    again = f" (tried {fault.times} times)" if fault.times > 1 else ""
    address = _ADDRESS.search(text.partition("\n")[0])
    # obstore does not tell the address of AWS's token service, nor whose answer makes no sense.
    host = address[0].partition("://")[2] if address else "the endpoint" if fault.alien else "AWS's token service"
    if any(word in text for word in _METADATA) and (not fault.status or fault.status != 404 or "token" in text):
        return f"there are no credentials: {_TODO[place.kind]}"
    strayed = "dns error" in text and _IS_NUMBER.match(host)  # sent on to an address that is not known
    moved = fault.status in (301, 302, 303, 307, 308) and not code
    if fault.alien or strayed or moved or (place.kind == "s3" and _NO_XML.search(text)):
        answers = f" (it answers {fault.status})" if fault.status else ""
        return f"what is at {host}{answers} does not speak as {_SPEECH[place.kind]} does: correct the endpoint"
    if fault.status == 404 and not fault.missing:
        return f"there is no {place.container.removeprefix('the ')}: create it, or correct --datastore"
    if code in _WRONG:
        return f"the store {_WRONG[code]}: renew or correct them ({_KEYS[place.kind]})"
    if code == "RequestTimeTooSkewed":
        return "the clock of this machine is too far from the store's: set it"
    if wrong_region or "Received redirect" in text:
        where = f"in {region[1] or region[2]}" if region else "in another region"
        return f"{place.container} is {where}: set AWS_REGION to that"
    if fault.status == 401:
        return f"the store does not accept the credentials: renew or correct them ({_KEYS[place.kind]})"
    if fault.status == 403:
        what = "writes" if verb == "write" else "reads"
        why = f" ({words})" if (words := said[1].strip().rstrip(".") if said else "") not in ("", "Access Denied") else ""
        return f"access is denied{why}: the credentials in use may need the permission for {what} in {place.container}"
    if fault.status == 404:
        return "it is not there any more"
    if code == "SlowDown" or fault.status in (429, 503):
        return f"the store asks to slow down{again}: run fewer tasks at a time, or try again later"
    if fault.status:
        more = f", {said[1].strip().rstrip('.')}" if said and said[1].strip() else ""
        return f"the store answers {fault.status} {code}".rstrip() + more + again
    if "dns error" in text:
        return f"the address {host} is not known: correct the endpoint, or the name of {place.container}"
    if "InvalidContentType" in text:
        return f"{host} does not speak TLS: correct the endpoint, which may have to begin with http://"
    if "InvalidCertificate" in text:
        todo = "set AWS_CA_BUNDLE to a file with its authority" if place.kind == "s3" else "add its authority to the system's"
        return f"the certificate of {host} is not trusted{again}: {todo}"
    if fault.unreachable:
        why = (
            "the connection is refused"
            if "ConnectionRefused" in text or "code: 111" in text or "code: 61" in text
            else "no connection"
        )
        return f"{why} at {host}{again}: see that the store runs there, or correct the endpoint"
    if "kind: Timeout" in text or "TimedOut" in text:
        return f"{host} does not answer in time{again}"
    if fault.broken:
        return f"the connection to {host} breaks{again}"
    return short(text)


def short(text: str) -> str:
    """The first line of what obstore says, without the words that say nothing."""
    if "No CA certificates" in text:
        return _NO_CERTIFICATES
    return re.sub(r"^Generic \w+ error: ", "", text.partition("\n")[0]).rstrip(".")
