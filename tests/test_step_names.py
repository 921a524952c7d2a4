"""What is taken out of the names of spans, so that one kind of work is one step; what is not."""

from __future__ import annotations

import pytest
from scenarios import run
from scenarios.builder import Kind, Scenario

from tracemap.store import Store

#: A name that carries data -> the name of its step.
CARRY = {
    "GET /orders/4711": "GET /orders/{id}",
    "GET /orders/4711/items/12?full=1": "GET /orders/{id}/items/{id}",
    "GET /orders/4711.json": "GET /orders/{id}.json",
    "GET /Orders(4711)/Lines": "GET /Orders({id})/Lines",
    "GET /Orders('ord-4711')": "GET /Orders('{id}')",
    "GET /users/3f2504e0-4f89-11d3-9a0c-0305e82c3301": "GET /users/{id}",
    "GET /users/usr_3f2504e0-4f89-11d3-9a0c-0305e82c3301/cart": "GET /users/{id}/cart",
    "GET http://10.244.3.17:8080/orders": "GET http://{id}:{id}/orders",
    "GET /c/jane.doe@example.com": "GET /c/{id}",
    "GET /img/d41d8cd98f00b204e9800998ecf8427e.png": "GET /img/{id}.png",
    "process order-4711": "process {id}",
    "process INV-2025-000123": "process {id}",
    "process saga-order-471100": "process {id}",
    "process ORD000123": "process {id}",
    "process orders.4711.created": "process orders.{id}.created",
    "process orders.ord-4711.created": "process orders.{id}.created",
    "report 2025-03-03": "report {id}",
    "report 2025-03-03T09:00:00.123Z": "report {id}",
    "report 2025-03-03T09:00:00+01:00 daily": "report {id} daily",
    "job[4711] run": "job[{id}] run",
    "GET cart:4711:items": "GET cart:{id}:items",
    "POST /charges/pi_3MtwBwLkdIwHu7ix28a3tqPa": "POST /charges/{id}",
    "POST /charges/pay_GYtrheBnhVKwXz": "POST /charges/{id}",
    "POST /payments/01ARZ3NDEKTSV4RRFFQ69G5FAV": "POST /payments/{id}",
    "POST /payments/payment_01h455vb4pex5vsknk084sn02q": "POST /payments/{id}",  # a TypeID
    "POST /payments/0ujtsYcgvSTl8PAuAdqWYSMnLOv": "POST /payments/{id}",  # a KSUID
    "POST /payments/cjld2cjxh0000qzrmn831i7rn": "POST /payments/{id}",  # a cuid
    "POST /payments/9m4e2mr0ui3e8a215n4g": "POST /payments/{id}",  # an xid
    "POST /payments/V1StGXR8_Z5jdHi6B-myT": "POST /payments/{id}",  # a nano id
    "process amq.gen-Xa8Qk2pZ9vR4tY7uW1eB3g": "process (anonymous)",
    "send _INBOX.Xa8Qk2pZ9vR4tY7uW1eB3g": "send (anonymous)",
    "process ID:broker-4711-17320": "process (anonymous)",
}
#: Names of kinds, whose digits are no data.
STAY = (
    "GET /v1/orders",
    "GET /v2/orders",
    "GET /api/v1.0/orders/{id}",
    "HTTP/1.1 upgrade",
    "http2 stream",
    "s3.PutObject",
    "hash sha256",
    "POST /oauth2/token",
    "step-1",
    "TLS 1.3 handshake",
    "verify x509",
    "POST /iso20022",
    "process pacs.008.001.08",
    "process pacs.002.001.10",
    "Base64ToUtf8Converter",
    "handleHttp2ConnectionUpgrade",
    "OAuth2AuthorizationCodeGrant",
    "convertSha256ToBase64String",
    "sha256WithRSAEncryption",
    "chat gpt-4o-2024-08-06",
    "chat gpt-4o-2024-11-20",
    "chat claude-3-5-sonnet-20241022",
    "embeddings text-embedding-ada-002",
    "chat Llama-3.1-8B-Instruct",
    "chat GPT-4o-mini-2024-07-18",
    "HTTPSConnectionV2PoolManager",
    "AWSLambdaSQSEventHandlerV2",
    "publish KAFKA_TOPIC-orders_v1",
    "run/send_orderconfirmation",
    "run/send_shippingnotification",
    "process eu-west-1",
    "OrderServiceV2/GetOrderByCustomerId",
    "process-s3-objectcreated-event-v2",
    "com.example.shop2.OrderPlacedEventV2",
    "SELECT shop.orders",
    "GET /users/{user_id}",
    "",
)


@pytest.fixture(scope="module")
def names(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Each name, as the step of a span of that name is called."""
    folder = tmp_path_factory.mktemp("names")
    s = Scenario("names")
    app = s.service("app", "platform")
    spans = {
        s.span(app, name, Kind.INTERNAL, at * 1.0, 0.1).span_id: name
        for at, name in enumerate([*CARRY, *STAY])
    }
    with Store.open(folder / "names.duckdb") as store:
        analysis = run.Analysis(store, folder)
        analysis.deliver(s.lines())
        steps = analysis.select("SELECT step, name FROM steps")
    return {spans[row["step"].rpartition(":")[2]]: row["name"] for row in steps}


@pytest.mark.parametrize(("name", "step"), CARRY.items())
def test_what_is_made_for_one_thing_is_taken_out(
    name: str, step: str, names: dict[str, str]
) -> None:
    assert names[name] == step


@pytest.mark.parametrize("name", STAY)
def test_what_names_a_kind_stays(name: str, names: dict[str, str]) -> None:
    assert names[name] == name
