import { isMap, parseDocument } from 'yaml';
import type { Path } from '../inventory/position.ts';
import type { Backup } from '../model/backup.ts';
import type { Cluster, Registry } from '../model/cluster.ts';
import type { PasswordSource } from '../model/password-source.ts';
import { parseCertificates } from '../pki/parse.ts';
import { readUpload, readVariable, variableName, type Upload } from '../store/uploads.ts';

/** A file or environment variable of this machine that spec.containerd.registries or spec.etcd.backup names. */
interface Source {
  /** Its name among the uploads. */
  readonly name: string;
  /** Path or variable as the inventory has it. */
  readonly shown: string;
  readonly path: Path;
  /** A string is a phrase that follows the name: why it cannot be used. */
  readonly read: () => Upload | string;
}

/** Everything on this machine that the registries need: CAs and passwords. */
export function registrySources(registries: readonly Registry[]): readonly Source[] {
  return registries.flatMap((registry, index) => {
    const path: Path = ['spec', 'containerd', 'registries', index];
    return [
      ...sourcesOf(registry, path),
      ...registry.mirrors.flatMap((mirror, at) => sourcesOf(mirror, [...path, 'mirrors', at])),
    ];
  });
}

function sourcesOf({ caFile, credentials }: Pick<Registry, 'caFile' | 'credentials'>, path: Path): Source[] {
  return [
    ...caSource(caFile, path),
    ...(credentials === undefined
      ? []
      : [passwordSource(credentials.password, [...path, 'credentials'], 'password')]),
  ];
}

/** Everything on this machine that backups need: certificates of those who can decrypt; the CA and the secret access key of S3. */
export function backupSources({ encryptFor = [], s3 }: Partial<Backup> = {}): readonly Source[] {
  const at: Path = ['spec', 'etcd', 'backup'];
  const path: Path = [...at, 's3'];
  return [
    ...encryptFor.map((file, index) => ({
      ...{ name: file, shown: file, path: [...at, 'encryptFor', index] },
      read: () => readRecipient(file),
    })),
    ...(s3 === undefined
      ? []
      : [...caSource(s3.caFile, path), passwordSource(s3.secretAccessKey, path, 'secretAccessKey')]),
  ];
}

/** What openssl of every distribution can encrypt for, and hosts may have. */
function readRecipient(file: string): Upload | string {
  const read = readUpload(file);
  if (typeof read === 'string') return read;
  const text = read.text ?? '';
  if (text.includes('PRIVATE KEY-----')) return 'contains a private key, which must not get onto hosts';
  const [certificate, ...more] = parseCertificates(text) ?? [];
  if (certificate === undefined || more.length > 0) return 'must contain one certificate in PEM';
  const { asymmetricKeyType, asymmetricKeyDetails } = certificate.publicKey;
  return asymmetricKeyType === 'rsa' && (asymmetricKeyDetails?.modulusLength ?? 0) >= 2048
    ? read
    : 'must contain a certificate with an RSA key of at least 2048 bits';
}

/** Files of the operator's for API servers: an audit policy, and configurations of authentication and authorization. */
export function apiServerSources({ security, apiServer }: Cluster): readonly Source[] {
  const { policyFile } = security.audit;
  const source = (file: string, path: Path, kind: string): Source => ({
    ...{ name: file, shown: file, path },
    read: () => readOfKind(file, kind),
  });
  const at = (field: 'authentication' | 'authorization', kind: string): Source[] => {
    const stated = apiServer[field];
    return stated !== undefined && 'file' in stated
      ? [source(stated.file, ['spec', 'apiServer', field, 'file'], kind)]
      : [];
  };
  return [
    ...(policyFile === undefined
      ? []
      : [source(policyFile, ['spec', 'security', 'audit', 'policyFile'], 'Policy')]),
    ...at('authentication', 'AuthenticationConfiguration'),
    ...at('authorization', 'AuthorizationConfiguration'),
  ];
}

/** API servers do not start with a configuration that they cannot read. */
function readOfKind(file: string, kind: string): Upload | string {
  const read = readUpload(file);
  if (typeof read === 'string') return read;
  const document = parseDocument(read.text ?? '');
  const [first] = document.errors;
  if (first !== undefined) return `is not YAML: ${first.message.split('\n')[0] ?? ''}`;
  return isMap(document.contents) && document.get('kind') === kind ? read : `must have kind: ${kind}`;
}

function caSource(caFile: string | undefined, path: Path): Source[] {
  if (caFile === undefined) return [];
  return [{ name: caFile, shown: caFile, path: [...path, 'caFile'], read: () => readCertificate(caFile) }];
}

function passwordSource(password: PasswordSource, path: Path, field: string): Source {
  if ('env' in password)
    return {
      name: variableName(password.env),
      shown: password.env,
      path: [...path, `${field}Env`],
      read: () =>
        /^KBOOT_(SSH|SUDO|BASTION|STATE)_/i.test(password.env)
          ? 'is for kboot itself, and not for hosts'
          : readVariable(process.env[password.env]),
    };
  return {
    name: password.file,
    shown: password.file,
    path: [...path, `${field}File`],
    read: () => readPassword(password.file),
  };
}

/** containerd fails every pull from a registry whose CA it cannot read, and curl every upload. */
function readCertificate(file: string): Upload | string {
  const read = readUpload(file);
  if (typeof read === 'string' || read.text?.includes('-----BEGIN CERTIFICATE-----') === true) return read;
  return 'does not contain a certificate in PEM';
}

function readPassword(file: string): Upload | string {
  const read = readUpload(file);
  if (typeof read === 'string') return read;
  const lines = read.text?.trimEnd().split('\n') ?? [];
  return lines.length === 1 && lines[0] !== '' ? read : 'must contain the password on one line';
}
