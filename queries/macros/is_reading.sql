-- Whether a request's name says that it only reads: GET /orders/{id}, orders.Orders/GetOrder.
CREATE OR REPLACE MACRO is_reading(name) AS
    regexp_matches(name, '^(GET|HEAD|OPTIONS)( |$)|(^|[/.])(Get|List|Search|Query|Find|Read|Describe)[A-Z][^/]*$')
