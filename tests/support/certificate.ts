/** Certificates for a test, made by openssl. */
export interface Certificate {
  readonly cert: string;
  readonly key: string;
}

const KEY = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];
const DAYS = ["-days", "2"];

/** One that is signed by itself. */
export async function makeCertificate(host: string): Promise<Certificate> {
  return await inFolder(async (folder) => {
    const constraint = "basicConstraints=critical,CA:FALSE";
    await openssl(folder, [
      "req",
      "-x509",
      ...request("own", host),
      ...DAYS,
      "-addext",
      constraint,
    ]);
    return await read(folder, "own");
  });
}

/** An authority whose word is `cert`, and a certificate that it has given to each host. */
export interface Authority {
  readonly cert: string;
  readonly given: readonly Certificate[];
}

export async function makeAuthority(...hosts: readonly string[]): Promise<Authority> {
  return await inFolder(async (folder) => {
    await openssl(folder, ["req", "-x509", ...request("ca", "authority"), ...DAYS]);
    const given: Certificate[] = [];
    for (const [at, host] of hosts.entries()) {
      const name = `host${at}`;
      await openssl(folder, ["req", "-new", ...request(name, host)]);
      const signing = ["-CA", "ca.pem", "-CAkey", "ca.key", "-copy_extensions", "copy", ...DAYS];
      await openssl(folder, [
        "x509",
        "-req",
        "-in",
        `${name}.pem`,
        "-out",
        `${name}.pem`,
        ...signing,
      ]);
      given.push(await read(folder, name));
    }
    return { cert: (await read(folder, "ca")).cert, given };
  });
}

function request(name: string, host: string): readonly string[] {
  const names = `subjectAltName=DNS:${host},IP:127.0.0.1`;
  const files = ["-keyout", `${name}.key`, "-out", `${name}.pem`];
  return [...KEY, ...files, "-subj", `/CN=${host}`, "-addext", names];
}

async function read(folder: string, name: string): Promise<Certificate> {
  return {
    cert: await Deno.readTextFile(`${folder}/${name}.pem`),
    key: await Deno.readTextFile(`${folder}/${name}.key`),
  };
}

async function inFolder<T>(work: (folder: string) => Promise<T>): Promise<T> {
  const folder = await Deno.makeTempDir({ prefix: "minisql-cert-" });
  try {
    return await work(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

async function openssl(cwd: string, args: readonly string[]): Promise<void> {
  const command = new Deno.Command("openssl", { args: [...args], cwd, stderr: "piped" });
  const { success, stderr } = await command.output();
  if (!success) throw new Error(new TextDecoder().decode(stderr));
}
