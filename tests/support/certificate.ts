/** A self-signed certificate for a test, made by openssl. */
export interface Certificate {
  readonly cert: string;
  readonly key: string;
}

export async function makeCertificate(host: string): Promise<Certificate> {
  const folder = await Deno.makeTempDir({ prefix: "minisql-cert-" });
  try {
    const { success, stderr } = await new Deno.Command("openssl", {
      args: [
        ...["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"],
        ...["-keyout", "key.pem", "-out", "cert.pem", "-days", "2", "-subj", `/CN=${host}`],
        ...["-addext", `subjectAltName=DNS:${host},IP:127.0.0.1`],
        ...["-addext", "basicConstraints=critical,CA:FALSE"],
      ],
      cwd: folder,
      stdout: "null",
      stderr: "piped",
    }).output();
    if (!success) throw new Error(new TextDecoder().decode(stderr));
    return {
      cert: await Deno.readTextFile(`${folder}/cert.pem`),
      key: await Deno.readTextFile(`${folder}/key.pem`),
    };
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}
