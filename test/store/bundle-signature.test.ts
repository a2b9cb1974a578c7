import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import fc from 'fast-check';
import { beforeEach, describe, expect, it } from 'vitest';
import { KbootError } from '../../src/model/error.ts';
import { allowedSigners } from '../../src/store/allowed-signers.ts';
import {
  holdToSigners,
  readSigningKey,
  removeOldSignature,
  signBundle,
} from '../../src/store/bundle-signature.ts';
import { openBundle } from '../../src/store/bundle.ts';
import { signerOf } from '../../src/store/ssh-signature.ts';
import { freshFolder } from '../cli/folder.ts';
import { kboot } from '../cli/run.ts';
import { inventoryWith } from '../samples/inventory-options.ts';

const at = freshFolder();
const bundle = (): string => at('bundle');
const file = (): string => at('bundle/bundle.json');
const sig = (): string => at('bundle/bundle.json.sig');

function keygen(args: readonly string[], input?: Buffer | string): { status: number | null; text: string } {
  const { status, stdout, stderr } = spawnSync('ssh-keygen', args, { encoding: 'utf8', input });
  return { status, text: stdout + stderr };
}
const makeKey = (name: string): string => {
  keygen(['-q', '-t', 'ed25519', '-N', '', '-C', `${name}@example`, '-f', at(name)]);
  return readFileSync(at(`${name}.pub`), 'utf8').trim();
};
const sshSign = (key: string, namespace = 'kboot-bundle'): void => {
  rmSync(sig(), { force: true });
  expect(keygen(['-Y', 'sign', '-f', at(key), '-n', namespace, file()])).toMatchObject({ status: 0 });
};
const held = (signers: readonly string[]): string => {
  try {
    return `ok ${holdToSigners(openBundle({ directory: bundle() }), signers)}`;
  } catch (error) {
    if (!(error instanceof KbootError)) throw error;
    expect([error.code, error.context.remedy]).toEqual([
      'E-BUNDLE',
      expect.stringMatching(/^No host was contacted\. /),
    ]);
    return error.message;
  }
};

let own = '';
beforeEach(async () => {
  own = makeKey('own');
  mkdirSync(at('bundle/bin/linux-amd64'), { recursive: true });
  writeFileSync(at('bundle/bin/linux-amd64/kubectl'), 'kubectl');
  const { error } = await kboot('bundle', 'index', bundle(), '--kubernetes-version', 'v1.36.2');
  expect(error).toBeUndefined();
});

describe('a signature', () => {
  it('of ssh-keygen is accepted by kboot, by its key or by files of keys', () => {
    sshSign('own');
    writeFileSync(at('signers'), `# ours\n\nmaker@example ${own}\n`);
    for (const given of [own, at('signers'), at('own.pub')])
      expect(held([given])).toMatch(/^ok \S+@example$/);
    expect(held([makeKey('other'), own])).toBe('ok own@example');
  });

  it('of kboot is accepted by ssh-keygen, and says nothing of another text', async () => {
    await signBundle(bundle(), readSigningKey(at('own'), bundle()));
    writeFileSync(at('signers'), `maker@example ${own}\n`);
    const check = [
      '-Y',
      'verify',
      '-f',
      at('signers'),
      '-I',
      'maker@example',
      '-n',
      'kboot-bundle',
      '-s',
      sig(),
    ];
    expect(keygen(check, readFileSync(file()))).toMatchObject({ status: 0 });
    expect(keygen(check, `${readFileSync(file(), 'utf8')} `).status).not.toBe(0);
    expect(held([own])).toBe('ok own@example');
  });

  it('fits no text of which one byte is another', () => {
    sshSign('own');
    const text = readFileSync(file());
    const signature = readFileSync(sig(), 'utf8');
    fc.assert(
      fc.property(fc.nat(text.length - 1), fc.integer({ min: 1, max: 255 }), (index, change) => {
        const other = Buffer.from(text);
        other[index] = (other[index] ?? 0) ^ change;
        expect(() => signerOf(other.toString('utf8'), signature)).toThrow(/changed after it was signed/);
      }),
    );
  });

  it('of which one byte is another is by nobody trusted', () => {
    sshSign('own');
    const text = readFileSync(file(), 'utf8');
    const blob = Buffer.from(readFileSync(sig(), 'utf8').replaceAll(/-----.*-----|\s/g, ''), 'base64');
    const key = signerOf(text, readFileSync(sig(), 'utf8'));
    fc.assert(
      fc.property(fc.nat(blob.length - 1), fc.integer({ min: 1, max: 255 }), (index, change) => {
        const other = Buffer.from(blob);
        other[index] = (other[index] ?? 0) ^ change;
        const armored = `-----BEGIN SSH SIGNATURE-----\n${other.toString('base64')}\n-----END SSH SIGNATURE-----\n`;
        let signer: Buffer | undefined;
        try {
          signer = signerOf(text, armored);
        } catch {
          return;
        }
        // Only what is not signed may differ: `reserved`, which is empty, and cannot without its length.
        expect(signer.equals(key)).toBe(false);
      }),
    );
  });

  it.each([
    ['absent', () => undefined, /is not signed$/],
    [
      'for something else',
      () => {
        sshSign('own', 'git');
      },
      /is for "git", not for kboot-bundle/,
    ],
    [
      'by somebody else',
      () => {
        makeKey('other');
        sshSign('other');
      },
      /is signed by somebody else: the key is ssh-ed25519 AAAA/,
    ],
    [
      'of another index',
      () => {
        sshSign('own');
        writeFileSync(file(), `${readFileSync(file(), 'utf8')} `);
      },
      /changed after it was signed/,
    ],
    [
      'no signature',
      () => {
        writeFileSync(sig(), 'trust me');
      },
      /is not a signature of `ssh-keygen -Y sign`/,
    ],
    [
      'cut off',
      () => {
        sshSign('own');
        writeFileSync(sig(), readFileSync(sig(), 'utf8').replace(/\n.{70}\n/, '\n'));
      },
      /not signed as it is/,
    ],
    [
      'huge',
      () => {
        writeFileSync(sig(), 'x'.repeat(2 << 20));
      },
      /has 2097152 bytes/,
    ],
    [
      'by a key of another type',
      () => {
        keygen(['-q', '-t', 'ecdsa', '-N', '', '-f', at('ec')]);
        sshSign('ec');
      },
      /is by a key of the type "ecdsa-sha2-nistp256", not ssh-ed25519/,
    ],
  ])('that is %s is refused', (_, make, message) => {
    make();
    expect(held([own])).toMatch(message);
  });
});

describe('a file of signers', () => {
  const names = (text: string): readonly string[] => allowedSigners(text).map(({ name }) => name);

  it('is read as ssh-keygen reads it', () => {
    const key = own.split(' ').slice(0, 2).join(' ');
    const text = [
      `a@example,b@example ${key}`,
      `c@example namespaces="git,kboot-*" ${key} comment of it`,
      `d@example namespaces="git" ${key}`,
      `e@example cert-authority ${key}`,
      `f@example valid-after="20200101",valid-before="20300101Z" ${key}`,
      `${key} bare@example`,
    ];
    expect(names(text.join('\n'))).toEqual(['a@example,b@example', 'c@example', 'f@example', 'bare@example']);
    expect(allowedSigners(text[4] ?? '')[0]?.validUntil?.toISOString()).toBe('2030-01-01T00:00:00.000Z');
  });

  it.each([
    ['x', /^line 1 has no public key/],
    ['\na@example ssh-ed25519 AAAA', /^line 2 has no complete public key/],
    ['a@example verify-required ssh-ed25519 AAAA', /^line 1 has the unknown option "verify-required"/],
    ['a@example valid-before="tomorrow" ', /^line 1 has/],
  ])('that is wrong is an error: %j', (text, message) => {
    expect(() => allowedSigners(text)).toThrow(message);
  });

  it('that has nobody, or does not exist, trusts nobody', () => {
    sshSign('own');
    writeFileSync(at('signers'), '# nobody\n');
    expect(held([at('signers')])).toMatch(/has no ssh-ed25519 key for kboot-bundle/);
    expect(held([at('nowhere')])).toMatch(/nowhere cannot be read: it does not exist/);
    expect(held([])).toMatch(/is signed by somebody else/);
  });

  it('has keys that are valid for a time', () => {
    sshSign('own');
    writeFileSync(at('signers'), `a@example valid-before="20200101" ${own}\n`);
    expect(held([at('signers')])).toMatch(/signed with a key that is not valid now/);
    writeFileSync(at('signers'), `a@example valid-after="20200101" ${own}\n`);
    expect(held([at('signers')])).toBe('ok a@example');
  });
});

describe('kboot bundle', () => {
  it('signs with --sign-key, verifies with --signers, and says who signed', async () => {
    const index = ['bundle', 'index', bundle(), '--kubernetes-version', 'v1.36.2'];
    expect((await kboot(...index, '--sign-key', at('own'))).error).toBeUndefined();
    const verify = ['bundle', 'verify', bundle(), '--signers', at('own.pub')];
    expect((await kboot(...verify)).out).toContain('signed by own@example\n');
    writeFileSync(at('bundle/bin/linux-amd64/kubectl'), 'kubectL');
    expect((await kboot(...verify)).error).toMatchObject({ code: 'E-BUNDLE' });
    const { err } = await kboot(...index);
    expect(err).toContain('bundle.json.sig was of another bundle.json: it is removed, sign again');
    expect(existsSync(sig())).toBe(false);
    expect((await kboot(...verify)).error).toMatchObject({ message: `the bundle ${bundle()} is not signed` });
  });

  it('leaves a signature that still fits', () => {
    sshSign('own');
    expect([removeOldSignature(bundle()), existsSync(sig())]).toEqual([false, true]);
  });

  it('signs with nothing but an Ed25519 key without a passphrase, and names the command that does', async () => {
    keygen(['-q', '-t', 'ed25519', '-N', 'secret', '-f', at('secret')]);
    keygen(['-q', '-t', 'rsa', '-b', '2048', '-N', '', '-f', at('rsa')]);
    const before = readFileSync(file(), 'utf8');
    for (const [name, message] of [
      ['secret', /secret has a passphrase/],
      ['rsa', /rsa is a key of the type "ssh-rsa"/],
      ['own.pub', /own.pub is not a private key/],
      ['nowhere', /nowhere does not exist/],
    ] as const) {
      const { error } = await kboot('bundle', 'index', bundle(), '--sign-key', at(name));
      expect(error).toMatchObject({
        code: 'E-USAGE',
        message: expect.stringMatching(message) as string,
        context: { remedy: expect.stringContaining('ssh-keygen -Y sign -f ') as string },
      });
    }
    expect([readFileSync(file(), 'utf8'), existsSync(sig())]).toEqual([before, false]);
  });

  it('does not take --signers or --sign-key where they mean nothing', async () => {
    expect((await kboot('bundle', 'index', bundle(), '--signers', 'x')).error).toMatchObject({
      code: 'E-USAGE',
    });
    expect((await kboot('bundle', 'verify', bundle(), '--sign-key', 'x')).error).toMatchObject({
      code: 'E-USAGE',
    });
  });
});

describe('spec.artifacts.bundleSigners', () => {
  const plan = (...flags: string[]): ReturnType<typeof kboot> =>
    kboot('plan', at('cluster.yaml'), '--offline', '--until', 'host', '--bundle', bundle(), ...flags);
  const inventory = (signer: string): void => {
    writeFileSync(at('cluster.yaml'), inventoryWith([`artifacts: {bundleSigners: ["${signer}"]}`]));
  };

  it('refuses a bundle that none of them signed, before any host, whatever the flags', async () => {
    inventory(own);
    for (const flags of [[], ['--allow-unofficial']])
      expect((await plan(...flags)).error).toMatchObject({ message: `the bundle ${bundle()} is not signed` });
    sshSign('own');
    const accepted = { message: expect.stringContaining('has no containerd') as string };
    expect((await plan()).error).toMatchObject(accepted);
    inventory('./signers');
    writeFileSync(at('signers'), `maker@example ${own}\n`);
    expect((await plan()).error).toMatchObject(accepted);
    const verify = ['bundle', 'verify', bundle(), '--inventory', at('cluster.yaml')];
    expect((await kboot(...verify)).out).toContain('signed by maker@example');
    const bytes = readFileSync(file());
    bytes[60] = (bytes[60] ?? 0) ^ 1;
    writeFileSync(file(), bytes);
    expect((await plan()).error).toMatchObject({
      ...{ code: 'E-BUNDLE', exit: 3 },
      message: expect.not.stringContaining('has no containerd') as string,
    });
  });

  it.each(['ssh-ed25519 AAAA', 'ssh-rsa AAAAB3NzaC1yc2E='])(
    'must be keys of Ed25519, not %j',
    async (signer) => {
      inventory(signer);
      const { error } = await kboot('validate', at('cluster.yaml'));
      expect((error as KbootError).message).toMatch(
        /cluster\.yaml:\d+:\d+: spec\.artifacts\.bundleSigners\[0\] must be a complete public key of Ed25519/,
      );
    },
  );
});
