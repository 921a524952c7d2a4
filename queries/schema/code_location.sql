-- Where the code of services lies, as declared. `root` is where the repository lies in containers.
CREATE TABLE store.code_location (
    path VARCHAR NOT NULL, line INTEGER NOT NULL, repository VARCHAR NOT NULL,
    folder VARCHAR NOT NULL, service VARCHAR, namespace VARCHAR, root VARCHAR
)
