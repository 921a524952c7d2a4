SELECT count(*) FROM b_heard AS a JOIN b_heard AS b ON b.component = a.heard WHERE b.heard != a.heard
