import { spawnSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { acceptedByApiServer } from '../../src/desire/api-server-check.ts';
import type { SecurityFile } from '../../src/desire/text/hardened.ts';
import type { Cluster } from '../../src/model/cluster.ts';
import { single } from '../samples/text.ts';

const image = 'registry.k8s.io/kube-apiserver:v1.36.2';

const cluster = (apiServer: Partial<Cluster['apiServer']>, security: object = {}): Cluster => {
  const base = single();
  return {
    ...base,
    apiServer: { ...base.apiServer, ...apiServer },
    security: { ...base.security, ...security },
  };
};
const stated = cluster({ authentication: { file: 'a.yaml' }, authorization: { file: 'b.yaml' } });

/** Runs the check with a containerd whose API server says this; its arguments come first. */
function check(
  file: SecurityFile,
  says: string,
  images = image,
): { readonly status: number | null; readonly stdout: string } {
  const script = acceptedByApiServer(stated, file, image) ?? 'exit 99';
  const { status, stdout } = spawnSync(
    'sh',
    [
      '-c',
      `timeout() { shift; "$@"; }
ctr() { case $3-$4 in images-list) echo "$IMAGES" ;; run-*) printf '%s\n' "$SAYS" ;; esac; }
check() {
${script}
}
check /tmp/new.yaml`,
    ],
    { encoding: 'utf8', env: { ...process.env, SAYS: says, IMAGES: images } },
  );
  return { status, stdout };
}

describe('a configuration of API servers', () => {
  it.each(['authentication', 'authorization'] as const)(
    'of %s is accepted once what follows is read',
    (file) => {
      const says =
        'E1 run.go:72] "command failed" err="loading audit policy file: open /kboot-end: no such file"';
      expect(check(file, says)).toEqual({ status: 0, stdout: '' });
    },
  );

  it('is refused with what the API server says of it', () => {
    const says = `I1 server.go] Version: v1.36.2
E1 run.go:72] "command failed" err=<
	invalid authentication configuration: jwt[0].claimMappings.username.expression: compilation failed
	 | claims.sub +
 >`;
    expect(check('authentication', says)).toEqual({
      status: 1,
      stdout: `kube-apiserver does not accept /etc/kubernetes/security/authentication.yaml:
	invalid authentication configuration: jwt[0].claimMappings.username.expression: compilation failed
	 | claims.sub +
`,
    });
    const line = 'E1 run.go:72] "command failed" err="authorizers[2].type: Unsupported value"';
    expect(check('authorization', line).stdout).toMatch(/:\n"authorizers\[2\]\.type: Unsupported value"\n$/);
  });

  it.each([
    ['containerd cannot run it', 'ctr: failed to create shim task'],
    [
      'a file that it names comes later',
      'E1] "command failed" err="stat /etc/x.conf: no such file or directory"',
    ],
    ['it says nothing in time', ''],
  ])('is not refused because %s', (_, says) => {
    expect(check('authorization', says)).toEqual({ status: 0, stdout: '' });
  });

  it('is not checked without the image, nor where kboot alone wrote it', () => {
    expect(check('authorization', '"command failed"', 'another').status).toBe(0);
    expect(acceptedByApiServer(cluster({}), 'authentication', image)).toBeUndefined();
    expect(acceptedByApiServer(stated, 'admission', image)).toBeUndefined();
    expect(acceptedByApiServer(stated, 'audit', image)).toBeUndefined();
  });
});
