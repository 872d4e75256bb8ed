# minisql in a container: docker build -t minisql .
#
# The same image is a master, a region server, a shell or a console, by its command:
#   docker run minisql master --zookeeper zk:2181
# Every option can be set by a variable, MINISQL_ZOOKEEPER for --zookeeper; a secret also by a file,
# MINISQL_PASSWORD_FILE for --password.

ARG DENO_VERSION=2.9.6

FROM denoland/deno:debian-${DENO_VERSION} AS build
WORKDIR /build
# Only what is copied goes to the build. Packages change seldom, sources often: packages first, in a layer of their own.
COPY deno.json deno.lock ./
RUN deno install --frozen
COPY main.ts init.sql ./
COPY scripts scripts
COPY src src
RUN deno task build

FROM debian:bookworm-slim
# A number, so that an orchestrator can tell that it is not root.
RUN install --directory --owner=10001 --group=10001 --mode=0700 \
  /var/lib/minisql /var/cache/minisql
COPY --from=build /build/minisql /usr/local/bin/minisql
USER 10001:10001
ENV XDG_CACHE_HOME=/var/cache \
  MINISQL_DATA_DIR=/var/lib/minisql
# Where the program is one that unpacks itself, it does so now: a container then starts at once, and
# also with a root file system that is read-only.
RUN ["minisql", "version"]
VOLUME ["/var/lib/minisql"]
WORKDIR /var/lib/minisql
# The console, the master, the region server.
EXPOSE 8080 9090 9091
HEALTHCHECK --interval=5s --timeout=5s --start-period=20s --retries=4 \
  CMD ["minisql", "healthcheck", "--timeout=4s"]
# As PID 1 it handles SIGTERM itself: it drains, and ends within 25 s. Give it 30.
STOPSIGNAL SIGTERM
ENTRYPOINT ["minisql"]
CMD ["help"]
