import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stringify } from 'yaml';
import type { Lab } from './lab.ts';
import { $ } from './shell.ts';
import { output } from './traces.ts';

interface ServingPair {
  readonly certificate: string;
  readonly key: string;
}

/** The service on a lab host that stands in for its API server. */
export const standInUnit = 'api-stand-in';

/** In /var, which survives a power cut; `ss` shows the name for port 6443, and preflight expects it there on a host of kboot's. */
const folder = '/var/lib/api-stand-in';
const program = `${folder}/kube-apiserver`;

const config = `defaults
    mode http
    timeout connect 1s
    timeout client 5s
    timeout server 5s

frontend readyz
    bind :6443 ssl crt ${folder}/serving.pem
    http-request return status 200 content-type text/plain string ok if { path /readyz }
    http-request deny deny_status 403
`;

const unit = `[Unit]
Description=Stand-in for an API server that is ready

[Service]
ExecStart=${program} -db -f ${folder}/config

[Install]
WantedBy=multi-user.target
`;

/** Certificate and key for `addresses`, as PEM, made now; clients that trust the certificate as their CA accept it. */
export async function makeServingPair(addresses: readonly string[]): Promise<ServingPair> {
  const names = addresses.map((address) => `IP:${address}`).join(',');
  const dir = await mkdtemp(join(tmpdir(), 'kboot-serving-'));
  try {
    const [key, certificate] = [join(dir, 'key'), join(dir, 'certificate')];
    await $`openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=kube-apiserver -addext ${`subjectAltName=${names}`} -keyout ${key} -out ${certificate}`;
    return { key: await readFile(key, 'utf8'), certificate: await readFile(certificate, 'utf8') };
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
}

/** Credentials for a client of stand-ins behind `server`; the pair is also the client certificate, which is not checked. */
export function standInKubeconfig(server: string, { certificate, key }: ServingPair): string {
  const base64 = (text: string): string => Buffer.from(text).toString('base64');
  const user = { 'client-certificate-data': base64(certificate), 'client-key-data': base64(key) };
  const cluster = { server, 'certificate-authority-data': base64(certificate) };
  return stringify({ clusters: [{ cluster }], users: [{ user }] });
}

/**
 * Where an API server would listen on `host`, answers https /readyz with 200 and `ok`, and anything else with 403;
 * also after a boot. It is the host's own haproxy under another name.
 */
export async function installStandIn(lab: Lab, host: string, pair: ServingPair): Promise<void> {
  const write = (path: string, text: string): string => `cat > ${path} <<'EOF'\n${text.trimEnd()}\nEOF\n`;
  await output(
    lab,
    host,
    `set -e; umask 077; mkdir -p ${folder}; cp /usr/sbin/haproxy ${program}
${write(`${folder}/serving.pem`, pair.certificate + pair.key)}${write(`${folder}/config`, config)}${write(`/etc/systemd/system/${standInUnit}.service`, unit)}
systemctl daemon-reload; systemctl enable --now -q ${standInUnit}`,
  );
}

/** Shell for a host that makes its stand-in answer /readyz with this status. */
export function answerReadyzWith(status: 200 | 500): string {
  return `sed -i -E 's/return status [0-9]+/return status ${status}/' ${folder}/config && systemctl restart ${standInUnit}`;
}
