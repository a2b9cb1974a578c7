import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { beforeAll, describe, expect, it } from 'vitest';
import { generateRsaKey } from '../../src/pki/keys.ts';
import { handlerOf } from '../../src/resource/kinds.ts';
import type { ServingCertificateResource } from '../../src/resource/types.ts';
import { freshFolder } from '../cli/folder.ts';
import { servingCertificate } from '../samples/serving-certificate.ts';

const kind = handlerOf('serving-certificate');
const want: ServingCertificateResource = { kind: 'serving-certificate', stage: 'node', readBy: ['kubelet'] };
const path = freshFolder();
let key: string;

beforeAll(async () => {
  key = await generateRsaKey();
}, 60_000);

const made = (daysLeft: number, ...names: string[]): string => servingCertificate(key, daysLeft, ...names);
const actionFor = (pem: string): ReturnType<typeof kind.action> =>
  kind.action(want, { state: 'present', found: pem }, { disturbed: new Set<string>() });

describe("the kubelet's own serving certificate", () => {
  it('is removed before it ends, and the kubelet restarts', () => {
    for (const [left, reason] of [
      [-300, /^it expired on 20..-..-..; the kubelet makes another when it starts$/],
      [29, /^it expires on 20/],
    ] as const) {
      const action = actionFor(made(left));
      expect(action).toMatchObject({ verb: 'delete', disturbs: ['kubelet'] });
      expect(action?.reason).toMatch(reason);
    }
    expect(actionFor(made(31))).toBeUndefined();
  });

  it('stays if others made it, or there is none', () => {
    expect(actionFor(made(-300, 'w-1', 'corporate-ca'))).toBeUndefined();
    expect(actionFor('')).toBeUndefined();
    expect(kind.read([want], '')).toEqual([{ state: 'absent' }]);
    expect(kind.action(want, { state: 'absent' }, { disturbed: new Set<string>() })).toBeUndefined();
  });

  it('is read without its key', () => {
    mkdirSync(path('pki'));
    writeFileSync(path('pki/kubelet.crt'), made(10));
    writeFileSync(path('pki/kubelet.key'), key);
    const script = kind.query([want]).replaceAll('/var/lib/kubelet', path());
    const output = execFileSync('sh', ['-c', script], { encoding: 'utf8' });
    const [found] = kind.read([want], output);
    expect(found?.state === 'present' && actionFor(String(found.found))?.reason).toMatch(/^it expires on/);
    expect(output).not.toContain('PRIVATE');
  });
});
