import type { X509Certificate } from 'node:crypto';
import type { ErrorCode } from '../model/error.ts';
import { parseCertificate, parsePrivateKey, validity } from './parse.ts';
import type { CaSpec, CertificateSpec, KeySpec, LeafSpec } from './types.ts';
import { caProblems, leafProblems, privateKeyProblem } from './verify.ts';
import type { Text } from '../model/language/text.ts';
import { remedies } from './remedies.ts';

/** PEM texts by path under the state's pki folder: `ca.crt`, `hosts/cp1/apiserver.key`. */
export type Material = ReadonlyMap<string, string>;

export interface Issue {
  readonly spec: CertificateSpec;
  /** `reuse`: the existing private key is kept; only the certificate is issued. */
  readonly key: 'reuse' | 'new';
  readonly reason: string;
}

export interface PkiProblem {
  readonly code: Extract<ErrorCode, 'E-PKI' | 'E-STATE'>;
  /** Under the state's pki folder. */
  readonly file: string;
  /** A phrase that follows the file's name. */
  readonly message: string;
  readonly remedy: Text;
}

/** Lists what would be issued, so that an offline plan can show it without generating a key. */
export interface PkiPlan {
  readonly keep: readonly CertificateSpec[];
  /** CAs and the ServiceAccount key come first: they must be on disk before anything that they sign. */
  readonly issue: readonly Issue[];
  /** If there are any, nothing may be issued. */
  readonly problems: readonly PkiProblem[];
  /** Kept, and due for renewal within 90 days. */
  readonly expiring: readonly { readonly spec: CertificateSpec; readonly notAfter: Date }[];
  /** Certificates of hosts that have expired and are to be issued again. */
  readonly expired: readonly { readonly spec: LeafSpec; readonly notAfter: Date }[];
}

/** Milliseconds before its expiry from which a certificate is due for renewal. */
export const renewalWindow = 90 * 24 * 3_600_000;

interface Keep {
  readonly keep: CertificateSpec;
  /** undefined for the ServiceAccount key, which has no certificate. */
  readonly certificate: X509Certificate | undefined;
}

type Verdict = Keep | { readonly issue: Issue } | { readonly problem: PkiProblem };

/**
 * Decides for each spec: keep it if valid, issue it if it is missing or no longer matches. A CA or the ServiceAccount
 * key is issued only if no host has a certificate yet: existing host certificates belong to a cluster that must not
 * get a second identity. Host certificates at the paths in `renew` are reissued even if they are valid.
 */
export function pkiPlan(
  specs: readonly CertificateSpec[],
  existing: Material,
  now: Date,
  renew: readonly string[] = [],
): PkiPlan {
  const bootstrapped = [...existing.keys()].some((path) => path.startsWith('hosts/'));
  const roots = specs.flatMap((spec): readonly Verdict[] => {
    if (spec.kind === 'ca') return [caVerdict(spec, existing, bootstrapped, now)];
    return spec.kind === 'key' ? [keyVerdict(spec, existing, bootstrapped)] : [];
  });
  const cas = new Map(kept(roots).map(({ keep, certificate }) => [keep.id, certificate]));
  const leaves = specs.flatMap((spec) =>
    spec.kind === 'leaf' ? [leafVerdict(spec, existing, cas, now)] : [],
  );
  const renewed = leaves.map((verdict) =>
    'keep' in verdict && renew.includes(verdict.keep.path)
      ? { issue: { spec: verdict.keep, key: 'reuse' as const, reason: 'renewed' } }
      : verdict,
  );
  const verdicts = [...roots, ...renewed];
  return {
    keep: kept(verdicts).map(({ keep }) => keep),
    issue: verdicts.flatMap((verdict) => ('issue' in verdict ? [verdict.issue] : [])),
    problems: verdicts.flatMap((verdict) => ('problem' in verdict ? [verdict.problem] : [])),
    expiring: kept(verdicts).flatMap((verdict) => expiring(verdict, now)),
    expired: verdicts.flatMap((verdict) => ('issue' in verdict ? expired(verdict.issue, existing, now) : [])),
  };
}

function kept(verdicts: readonly Verdict[]): readonly Keep[] {
  return verdicts.filter((verdict) => 'keep' in verdict);
}

function caVerdict(spec: CaSpec, existing: Material, bootstrapped: boolean, now: Date): Verdict {
  const file = `${spec.path}.crt`;
  const cert = existing.get(file);
  const key = existing.get(`${spec.path}.key`);
  if (cert === undefined && bootstrapped)
    return { problem: lost(file, spec.id === 'etcd-ca' && isOthersEtcd(existing) ? othersEtcd : backup) };
  if (cert === undefined) {
    if (key === undefined) return { issue: { spec, key: 'new', reason: 'missing' } };
    return ['rsa', 'ec'].includes(parsePrivateKey(key)?.asymmetricKeyType ?? '')
      ? { issue: { spec, key: 'reuse', reason: 'certificate missing' } }
      : {
          problem: badRoot(
            `${spec.path}.key`,
            'is not an RSA or ECDSA private key that kboot can read',
            bootstrapped,
          ),
        };
  }
  if (key === undefined) {
    return {
      problem: bootstrapped
        ? lost(`${spec.path}.key`)
        : badRoot(file, `has no ${spec.path}.key beside it`, bootstrapped),
    };
  }
  const found = caProblems({ cert, key }, now);
  return found.length === 0
    ? { keep: spec, certificate: parseCertificate(cert) }
    : { problem: badRoot(file, found.join('; '), bootstrapped) };
}

function keyVerdict(spec: KeySpec, existing: Material, bootstrapped: boolean): Verdict {
  const file = `${spec.path}.key`;
  const key = existing.get(file);
  if (key === undefined) {
    return bootstrapped ? { problem: lost(file) } : { issue: { spec, key: 'new', reason: 'missing' } };
  }
  const type = parsePrivateKey(key)?.asymmetricKeyType;
  if (type === undefined) return { problem: badRoot(file, privateKeyProblem(key), bootstrapped) };
  if (type === 'rsa' || type === 'ec') return { keep: spec, certificate: undefined };
  return {
    problem: badRoot(
      file,
      `has a key of type ${type}; Kubernetes signs tokens with RSA or ECDSA`,
      bootstrapped,
    ),
  };
}

function leafVerdict(
  spec: LeafSpec,
  existing: Material,
  cas: ReadonlyMap<string, X509Certificate | undefined>,
  now: Date,
): Verdict {
  const cert = existing.get(`${spec.path}.crt`);
  const keyPem = existing.get(`${spec.path}.key`);
  if (keyPem === undefined) {
    return { issue: { spec, key: 'new', reason: cert === undefined ? 'missing' : 'key missing' } };
  }
  const key = parsePrivateKey(keyPem);
  if (key?.asymmetricKeyType !== 'rsa') return { issue: { spec, key: 'new', reason: 'key unusable' } };
  const reissue = (reason: string): Verdict => ({ issue: { spec, key: 'reuse', reason } });
  if (cert === undefined) return reissue('certificate missing');
  const certificate = parseCertificate(cert);
  if (certificate === undefined) return reissue('does not contain a readable PEM certificate');
  const ca = cas.get(spec.ca);
  if (ca === undefined) return reissue(`waits for ${spec.ca}`);
  const found = leafProblems(certificate, key, spec, ca, now);
  return found.length === 0 ? { keep: spec, certificate } : reissue(found.join('; '));
}

/** A kubelet renews its own certificate on its host; the one kept here is only the initial one. */
function expiring({ keep, certificate }: Keep, now: Date): PkiPlan['expiring'] {
  if (certificate === undefined || keep.id === 'kubelet') return [];
  const { notAfter } = validity(certificate);
  return notAfter.getTime() - now.getTime() < renewalWindow ? [{ spec: keep, notAfter }] : [];
}

/** Not those of kubelets: what they use is on their hosts. */
function expired({ spec }: Issue, existing: Material, now: Date): PkiPlan['expired'] {
  const certificate = parseCertificate(existing.get(`${spec.path}.crt`) ?? '');
  if (spec.kind !== 'leaf' || spec.id === 'kubelet' || certificate === undefined) return [];
  const { notAfter } = validity(certificate);
  return notAfter < now ? [{ spec, notAfter }] : [];
}

/** A cluster on an external etcd has host certificates, but none for etcd. */
function isOthersEtcd(existing: Material): boolean {
  return existing.has('ca.crt') && ![...existing.keys()].some((path) => path.includes('etcd'));
}

const othersEtcd: Pick<PkiProblem, 'message' | 'remedy'> = {
  message: 'is missing: this cluster was created on the etcd of spec.etcd.external, which has its own CA',
  remedy: remedies.backToExternal,
};

const backup: typeof othersEtcd = {
  message: 'is missing, but host certificates exist',
  remedy: remedies.restoreCa,
};

function lost(file: string, why = backup): PkiProblem {
  return { code: 'E-STATE', file, ...why };
}

function badRoot(file: string, message: string, bootstrapped: boolean): PkiProblem {
  const remedy = bootstrapped ? remedies.restoreOriginal : remedies.replaceOrRemove;
  return { code: 'E-PKI', file, message, remedy };
}
