/** The composition of containers stays in step with the program: its commands, flags and ports. */
import assert from "node:assert/strict";
import { parse } from "yaml";
import { COMMANDS } from "../src/cli/commands.ts";
import { readConfig } from "../src/cli/read_config.ts";

interface Service {
  readonly image: string;
  readonly build?: string;
  readonly command?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  readonly depends_on?: Readonly<Record<string, { readonly condition: string }>>;
  readonly volumes?: readonly string[];
  readonly networks?: readonly string[];
  readonly healthcheck?: { readonly test?: unknown; readonly disable?: boolean };
  readonly configs?: readonly { readonly source: string }[];
  readonly read_only?: boolean;
  readonly stop_grace_period?: string;
}

interface Compose {
  readonly services: Readonly<Record<string, Service>>;
  readonly volumes: Readonly<Record<string, unknown>>;
  readonly networks: Readonly<Record<string, unknown>>;
  readonly configs: Readonly<Record<string, { readonly content: string }>>;
}

const text = await Deno.readTextFile(new URL("../scripts/compose.yaml", import.meta.url));
const compose: Compose = parse(text, { merge: true });
const services = Object.entries(compose.services);

function named(pattern: RegExp): readonly (readonly [string, Service])[] {
  return services.filter(([name]) => pattern.test(name));
}

/** The configuration that a container's command line and variables amount to. */
function configOf(service: Service): Readonly<Record<string, unknown>> {
  const [name, ...args] = service.command ?? [];
  const command = COMMANDS.find((each) => each.name === name);
  assert.ok(command, `minisql has no command ${name}`);
  const environment = {
    // `${NAME:-default}` as docker compose reads it where NAME is not set.
    get: (variable: string) => service.environment?.[variable]?.replace(/^\$\{\w+:-(.*)\}$/, "$1"),
    readFile: () => assert.fail("no file is named"),
  };
  return readConfig(command, args, environment).values;
}

Deno.test("compose: three masters, three region servers, a database for each, and ZooKeeper", () => {
  const counts = [/^m\d$/, /^r\d$/, /^mysql\d$/, /^zookeeper$/].map((each) => named(each).length);
  assert.deepEqual(counts, [3, 3, 3, 1]);
});

Deno.test("compose: every command line and variable is one that the program understands", () => {
  for (const [name, service] of named(/^[mr]\d$|^shell$/)) {
    const config = configOf(service);
    if (name === "shell") continue;
    assert.equal(config["zookeeper"], "zookeeper:2181");
    assert.equal(config["advertise"], name);
    const flags = COMMANDS.find((each) => each.name === service.command?.[0])?.flags ?? {};
    const known = Object.keys(flags).map((flag) =>
      `MINISQL_${flag.toUpperCase().replace(/-/g, "_")}`
    );
    for (const variable of Object.keys(service.environment ?? {})) {
      assert.ok(known.includes(variable), `${name} sets ${variable}`);
    }
  }
});

Deno.test("compose: every region server has a database, a zone and a folder of its own", () => {
  const regions = named(/^r\d$/).map(([name, service]) => ({
    name,
    service,
    ...configOf(service),
  }));
  for (const key of ["mysql", "zone"] as const) {
    const values = regions.map((each) => (each as Record<string, unknown>)[key]);
    assert.equal(new Set(values).size, regions.length, key);
  }
  for (const { name, service } of regions) {
    assert.deepEqual(service.volumes, [`${name}:/var/lib/minisql`]);
    const database = new URL(String(configOf(service)["mysql"])).hostname;
    assert.equal(service.depends_on?.[database]?.condition, "service_healthy");
  }
});

Deno.test("compose: what is referred to is there, and what is waited for checks its health", () => {
  for (const [name, service] of services) {
    for (const [needed, { condition }] of Object.entries(service.depends_on ?? {})) {
      const other = compose.services[needed];
      assert.ok(other, `${name} needs ${needed}`);
      assert.equal(condition, "service_healthy");
      // The image of minisql brings a check of its own.
      assert.ok(other.healthcheck?.test !== undefined || other.image === "minisql", needed);
    }
    for (const volume of service.volumes ?? []) {
      assert.ok((volume.split(":")[0] ?? "") in compose.volumes, volume);
    }
    for (const { source } of service.configs ?? []) assert.ok(source in compose.configs);
    for (const network of service.networks ?? []) assert.ok(network in compose.networks);
    assert.ok((service.networks ?? []).length > 0, name);
  }
});

Deno.test("compose: servers have time to drain, and a root file system nobody writes to", () => {
  for (const [name, service] of named(/^[mr]\d$/)) {
    assert.equal(service.stop_grace_period, "30s", name);
    assert.equal(service.read_only, true, name);
    assert.equal(service.build, "..", name);
  }
});

Deno.test("compose: the catalog's user may do there what a master does", () => {
  const { content } = compose.configs["catalog"] ?? { content: "" };
  const { pathname } = new URL(String(configOf(compose.services["m1"] as Service)["catalog"]));
  assert.match(content, new RegExp(`CREATE DATABASE IF NOT EXISTS ${pathname.slice(1)};`));
  assert.match(content, /GRANT SELECT, INSERT, UPDATE, DELETE, CREATE ON minisql\.\*/);
});
