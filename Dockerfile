FROM rust:1.95-slim-bookworm AS build
WORKDIR /source
COPY Cargo.toml Cargo.lock README.md build.rs ./
COPY benches benches
COPY src src
COPY specs specs
RUN cargo install --locked --path . --root /made

FROM gcr.io/distroless/cc-debian12:nonroot
COPY --from=build /made/bin/milvus-conformance /usr/local/bin/milvus-conformance
WORKDIR /work
ENTRYPOINT ["milvus-conformance"]
CMD ["run"]
