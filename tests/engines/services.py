"""What moto's interpreter sends to services and makes of their answers."""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import lru_cache
from typing import Any

import boto3
import botocore.session
from botocore.client import BaseClient
from botocore.config import Config
from botocore.model import OperationModel
from moto import settings
from moto.stepfunctions.parser.asl.component.state.exec.state_map.item_reader.eval import resource_eval_s3
from moto.stepfunctions.parser.asl.component.state.exec.state_task.service import (
    state_task_service,
    state_task_service_aws_sdk,
    state_task_service_batch,
    state_task_service_ecs,
)
from moto.stepfunctions.parser.asl.component.state.exec.state_task.service.state_task_service_aws_sdk import (
    StateTaskServiceAwsSdk,
)
from moto.stepfunctions.parser.asl.eval.environment import Environment

from engines.calls import MACHINE
from engines.mending import mend

_Service = state_task_service.StateTaskService


@lru_cache
def client_for(region: str, service: str, who: str = MACHINE) -> BaseClient:
    """A client of one of the engine's services."""
    endpoint = os.environ.get(f"AWS_ENDPOINT_URL_{service.upper()}", f"http://127.0.0.1:{settings.moto_server_port()}")
    session: Any = boto3.session.Session()
    return session.client(  # type: ignore[no-any-return]
        service,
        region_name=region,
        endpoint_url=endpoint,
        aws_access_key_id=who,
        aws_secret_access_key="engine",
        config=Config(retries={"max_attempts": 0}, max_pool_connections=200),
    )


def _the_same(_original: Callable[..., BaseClient], region: str, service: str, state_credentials: Any = None) -> BaseClient:
    """moto makes a client for each call, which takes longer than most jobs, and does not check what is sent."""
    return client_for(region, service)


for _module in (state_task_service_batch, state_task_service_ecs, state_task_service_aws_sdk, resource_eval_s3):
    mend(_module, "boto_client_for")(_the_same)


@lru_cache
def _operation(service: str, action: str) -> OperationModel | None:
    model = botocore.session.get_session().get_service_model(service)
    wanted = action.replace("_", "").lower()
    return next((model.operation_model(name) for name in model.operation_names if name.lower() == wanted), None)


@mend(_Service, "_normalise_parameters")
def _to_request(
    _original: Callable[..., None], self: Any, parameters: Any, boto_service_name: Any = None, service_action_name: Any = None
) -> None:
    """moto leaves the letter case of the state machine, which no client takes."""
    operation = _operation(self._get_boto_service_name(boto_service_name), self._get_boto_service_action(service_action_name))
    if operation is not None and operation.input_shape is not None:
        self._to_boto_request(parameters, operation.input_shape)


@mend(_Service, "_normalise_response")
def _from_response(
    _original: Callable[..., None], self: Any, response: Any, boto_service_name: Any = None, service_action_name: Any = None
) -> None:
    """Likewise."""
    operation = _operation(self._get_boto_service_name(boto_service_name), self._get_boto_service_action(service_action_name))
    if operation is not None and operation.output_shape is not None:
        self._from_boto_response(response, operation.output_shape)


@mend(_Service, "_from_boto_response_value")
def _read_body(_original: Callable[..., Any], value: Any) -> Any:
    """moto looks for a stream of another class than its clients give."""
    return value.read().decode() if hasattr(value, "read") else value


_SDK_NAMES = {"s3": "S3", "batch": "Batch", "ecs": "Ecs", "sfn": "Sfn", "lambda": "Lambda", "dynamodb": "DynamoDb"}


@mend(StateTaskServiceAwsSdk, "_get_task_failure_event")
def _with_aws_name(original: Callable[..., Any], self: Any, env: Environment, error: str, cause: str) -> Any:
    """moto spells `s3.NoSuchKeyException` what AWS calls `S3.NoSuchKeyException`."""
    service, dot, name = error.partition(".")
    if dot and service != "States":
        error = _SDK_NAMES.get(service, service.capitalize()) + dot + name
    return original(self, env=env, error=error, cause=cause)
