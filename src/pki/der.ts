import { createHash, createPublicKey, sign, type KeyObject, type X509Certificate } from 'node:crypto';
import forge from 'node-forge';

const { asn1 } = forge;
type Asn1 = forge.asn1.Asn1;

/** The parts of a CA that its certificates repeat, in their original encoding. */
interface CaParts {
  readonly subject: Asn1;
  readonly keyInfo: Asn1;
  /** Its key identifier; undefined if the CA has none. */
  readonly keyId: Buffer | undefined;
}

const subjectKeyId = '2.5.29.14';

/** node-forge knows only RSA keys: a CA is taken apart as ASN.1, so that it may have any. */
export function partsOf(certificate: X509Certificate): CaParts {
  const tbs = children(parse(certificate.raw))[0];
  // TBSCertificate (RFC 5280, 4.1): version [0], serial, signature, issuer, validity, subject, subjectPublicKeyInfo, …
  const [, , , , , subject, keyInfo] = children(tbs);
  if (subject === undefined || keyInfo === undefined) throw new Error('the certificate is not X.509 v3');
  const extensions = children(tbs).find(
    ({ tagClass, type }) => tagClass === asn1.Class.CONTEXT_SPECIFIC && (type as number) === 3,
  );
  const keyId = children(children(extensions)[0]).flatMap((extension) => {
    const [id, ...rest] = children(extension);
    const value = rest.at(-1)?.value;
    if (typeof id?.value !== 'string' || typeof value !== 'string') return [];
    return asn1.derToOid(id.value) === subjectKeyId ? [contents(asn1.fromDer(value))] : [];
  })[0];
  return { subject, keyInfo, keyId };
}

/** SubjectPublicKeyInfo of a key, and its identifier: SHA-1 of the key's bits (RFC 5280, 4.2.1.2). */
export function keyInfoOf(key: KeyObject): { readonly keyInfo: Asn1; readonly keyId: Buffer } {
  const keyInfo = parse(createPublicKey(key).export({ type: 'spki', format: 'der' }));
  const [, bits] = children(keyInfo);
  // The first byte of a BIT STRING counts unused bits.
  const keyId = createHash('sha1').update(contents(bits).subarray(1)).digest();
  return { keyInfo, keyId };
}

/** The extension that names a CA's key. */
export function subjectKeyIdentifier(keyId: Buffer): object {
  const { Class, Type, create } = asn1;
  const value = create(Class.UNIVERSAL, Type.OCTETSTRING, false, keyId.toString('latin1'));
  return { id: subjectKeyId, value: asn1.toDer(value).getBytes() };
}

/** What a certificate gets besides what node-forge knows; without `issuer` it is its own. */
interface Parts {
  readonly keyInfo: Asn1;
  readonly subject?: Asn1;
  readonly issuer?: Asn1;
}

/**
 * The certificate as PEM, signed natively with SHA-256 by an RSA or ECDSA key. What is in `parts` takes the place of
 * what the draft has.
 */
export function signedPem(draft: forge.pki.Certificate, parts: Parts, key: KeyObject): string {
  const algorithm = key.asymmetricKeyType === 'ec' ? ecdsaWithSha256 : sha256WithRsa;
  const [version, serial, , issuer, validity, subject, , ...rest] = children(draftOf(draft));
  const own = parts.subject ?? subject;
  const tbs = sequence(
    ...[version, serial, algorithm(), parts.issuer ?? issuer, validity, own, parts.keyInfo, ...rest].filter(
      (each) => each !== undefined,
    ),
  );
  const signature = sign('sha256', Buffer.from(asn1.toDer(tbs).getBytes(), 'latin1'), key);
  const { Class, Type, create } = asn1;
  const bits = create(Class.UNIVERSAL, Type.BITSTRING, false, `\0${signature.toString('latin1')}`);
  const der = Buffer.from(asn1.toDer(sequence(tbs, algorithm(), bits)).getBytes(), 'latin1');
  const lines = der.toString('base64').match(/.{1,64}/g) ?? [];
  return ['-----BEGIN CERTIFICATE-----', ...lines, '-----END CERTIFICATE-----', ''].join('\n');
}

/** What node-forge makes of a draft, with a key in it that it knows. */
function draftOf(certificate: forge.pki.Certificate): Asn1 {
  const three = new forge.jsbn.BigInteger('3');
  certificate.publicKey = forge.pki.rsa.setPublicKey(three, three);
  const unsigned = { sign: () => '' } as unknown as forge.pki.rsa.PrivateKey;
  certificate.sign(unsigned, forge.md.sha256.create());
  return certificate.tbsCertificate;
}

function sha256WithRsa(): Asn1 {
  const { Class, Type, create } = asn1;
  return sequence(objectId('1.2.840.113549.1.1.11'), create(Class.UNIVERSAL, Type.NULL, false, ''));
}

/** Without parameters (RFC 5758, 3.2). */
function ecdsaWithSha256(): Asn1 {
  return sequence(objectId('1.2.840.10045.4.3.2'));
}

function objectId(id: string): Asn1 {
  const { Class, Type, create } = asn1;
  return create(Class.UNIVERSAL, Type.OID, false, asn1.oidToDer(id).getBytes());
}

function sequence(...parts: readonly Asn1[]): Asn1 {
  const { Class, Type, create } = asn1;
  return create(Class.UNIVERSAL, Type.SEQUENCE, true, [...parts]);
}

function parse(der: Buffer): Asn1 {
  return asn1.fromDer(der.toString('latin1'));
}

function children(node: Asn1 | undefined): readonly Asn1[] {
  return Array.isArray(node?.value) ? node.value : [];
}

/** Of a primitive value; node-forge takes BIT STRINGs apart and keeps what they were. */
function contents(node: Asn1 | undefined): Buffer {
  const { value, bitStringContents } = (node ?? {}) as { value?: unknown; bitStringContents?: string };
  const bytes = bitStringContents ?? value;
  return Buffer.from(typeof bytes === 'string' ? bytes : '', 'latin1');
}
