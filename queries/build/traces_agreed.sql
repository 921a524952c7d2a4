SELECT count(*) FROM b_agreement WHERE agreed
