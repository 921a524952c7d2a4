"""What brings spans in: OTLP over the network (``otlp``) and OTLP files (``files``).

Imported as ``tracemap.collectors``. Everything here ends in a ``tracemap.batch.SpanBatch`` handed
to a *sink*, which is ``Store.write`` or anything that behaves like it.
"""
