SELECT count(*) FROM b_heard WHERE heard != component
