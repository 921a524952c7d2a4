-- What the rules found, before causes are sorted from effects.
CREATE OR REPLACE TEMP TABLE b_found (
    rule VARCHAR, family VARCHAR, severity VARCHAR, anchor VARCHAR, eids BIGINT[], service VARCHAR, step VARCHAR,
    owner_kind VARCHAR, owner_name VARCHAR, owner_namespace VARCHAR, trace_id UUID, span_ids UBIGINT[],
    since_ns BIGINT, seen_ns BIGINT, message VARCHAR, evidence JSON, next_action VARCHAR
)
