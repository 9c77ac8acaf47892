/** A receiver of OpenTelemetry's protocol (OTLP over HTTP, as JSON) on this machine, that keeps the spans. */

/** A span as tests look at it. */
export interface ReceivedSpan {
  readonly name: string;
  /** 1: internal, 2: server. */
  readonly kind: number;
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId: string;
  readonly links: readonly string[];
  readonly attributes: Readonly<Record<string, unknown>>;
  /** Whether it tells of an error. */
  readonly isError: boolean;
}

export interface OtlpReceiver extends AsyncDisposable {
  /** Has a program send its spans here. */
  readonly env: Readonly<Record<string, string>>;
  /** The spans of this project so far, in no order. */
  readonly spans: readonly ReceivedSpan[];
  /** Everything that was received, as text. */
  readonly text: () => string;
}

export function startOtlpReceiver(): OtlpReceiver {
  const spans: ReceivedSpan[] = [];
  let text = "";
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, async (request) => {
    const body = await request.text();
    text += body;
    if (new URL(request.url).pathname === "/v1/traces") spans.push(...spansOf(JSON.parse(body)));
    return Response.json({});
  });
  return {
    env: {
      OTEL_DENO: "true",
      OTEL_EXPORTER_OTLP_PROTOCOL: "http/json",
      OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${server.addr.port}`,
    },
    spans,
    text: () => text,
    [Symbol.asyncDispose]: () => server.shutdown(),
  };
}

/** The parts of an export of spans that are read here. */
interface Export {
  readonly resourceSpans: readonly {
    readonly scopeSpans: readonly { readonly scope: { readonly name: string }; readonly spans: readonly RawSpan[] }[];
  }[];
}

interface RawSpan extends Omit<ReceivedSpan, "attributes" | "links" | "isError" | "parentSpanId"> {
  readonly parentSpanId?: string;
  readonly attributes?: readonly { readonly key: string; readonly value: RawValue }[];
  readonly links?: readonly { readonly spanId: string }[];
  readonly status?: { readonly code?: number };
}

interface RawValue {
  readonly arrayValue?: { readonly values?: readonly RawValue[] };
  readonly [type: string]: unknown;
}

function spansOf({ resourceSpans }: Export): readonly ReceivedSpan[] {
  return resourceSpans.flatMap(({ scopeSpans }) => scopeSpans)
    .filter(({ scope }) => scope.name === "mcp-orchestrator")
    .flatMap(({ spans }) => spans)
    .map(({ attributes = [], links = [], status, parentSpanId = "", ...span }) => ({
      ...span,
      parentSpanId,
      links: links.map(({ spanId }) => spanId),
      attributes: Object.fromEntries(attributes.map(({ key, value }) => [key, valueOf(value)])),
      isError: status?.code === 2,
    }));
}

function valueOf(value: RawValue): unknown {
  return value.arrayValue === undefined ? Object.values(value)[0] : (value.arrayValue.values ?? []).map(valueOf);
}
