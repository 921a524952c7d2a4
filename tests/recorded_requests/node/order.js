// One order as the OpenTelemetry SDK for Node.js sees it, with every kind of value it can send.
// Usage: OTEL_EXPORTER_OTLP_ENDPOINT=http://127.0.0.1:4318 node order.js json|proto|grpc
"use strict";

const { SpanKind, SpanStatusCode, context, trace } = require("@opentelemetry/api");
const { NodeSDK, resources } = require("@opentelemetry/sdk-node");

const packages = {
  json: "@opentelemetry/exporter-trace-otlp-http",
  proto: "@opentelemetry/exporter-trace-otlp-proto",
  grpc: "@opentelemetry/exporter-trace-otlp-grpc",
};

function order(tracer) {
  const received = tracer.startSpan("POST /orders", {
    kind: SpanKind.SERVER,
    attributes: {
      "order.id": "order-4711",
      "order.lines": 3,
      "order.total": 129.5,
      "order.weight": 2,
      "order.express": true,
      "order.skus": ["A-1", "B-2", "Ünïcödé ✓"],
      "order.quantities": [1, 2, 2],
      "order.prices": [9.5, 120],
      "order.flags": [true, false],
      "order.note": "",
    },
  });
  const inside = trace.setSpan(context.active(), received);
  const send = tracer.startSpan("send orders", { kind: SpanKind.PRODUCER }, inside);
  send.setAttribute("messaging.system", "kafka");
  send.setAttribute("messaging.destination.name", "orders");
  send.addEvent("enqueued", { "messaging.kafka.offset": 42, "late": false });
  send.end();

  const charged = tracer.startSpan("charge card", { kind: SpanKind.CLIENT }, inside);
  const error = new Error("card declined");
  error.stack = "Error: card declined\n    at charge (payment.js:12:7)"; // no path of any machine
  charged.recordException(error);
  charged.setStatus({ code: SpanStatusCode.ERROR, message: "card declined" });
  charged.end();
  received.setStatus({ code: SpanStatusCode.OK });
  received.end();

  const handled = tracer.startSpan(
    "process orders",
    {
      kind: SpanKind.CONSUMER,
      root: true,
      links: [{ context: send.spanContext(), attributes: { "order.id": "order-4711" } }],
    },
    context.active(),
  );
  handled.end();
}

async function main() {
  const { OTLPTraceExporter } = require(packages[process.argv[2]]);
  const sdk = new NodeSDK({
    serviceName: "node-shop",
    resource: resources.resourceFromAttributes({ "service.tags": ["shop", "node"] }),
    autoDetectResources: false, // they would name this machine
    traceExporter: new OTLPTraceExporter(),
  });
  sdk.start();
  order(trace.getTracer("shop", "1.2.3"));
  await sdk.shutdown();
}

main();
