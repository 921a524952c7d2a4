-- About how many spans there are to be read: those known of, and what came since.
SELECT (SELECT coalesce(sum(spans), 0) FROM derived.trace SEMI JOIN s_read USING (trace_id))
    + (SELECT coalesce(sum(spans), 0) FROM store.batch WHERE batch_id > $after AND batch_id <= $upto)
