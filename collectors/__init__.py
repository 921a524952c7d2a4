"""What brings spans in: OTLP over the network (``otlp``), OTLP files (``files``), and who may
send and ask (``access``).

Imported as ``tracemap.collectors``. Everything here ends in a ``tracemap.batch.SpanBatch`` handed
to a *sink*, which is ``Store.write`` or anything that behaves like it.
"""
