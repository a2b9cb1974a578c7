/** A file of a release: its name, and SHA-256 in hex. */
export interface Released {
  readonly name: string;
  readonly sha256: string;
}

/**
 * What CHANGELOG.md says of a version: the text below its heading, or, for a draft, below `Unreleased`. Throws if there
 * is none: what is released is described first.
 */
export function releaseNotes(changelog: string, version: string, draft: boolean): string {
  const heading = draft ? '[Unreleased]' : `[${version}] - `;
  const sections = changelog.split(/^## /m).slice(1);
  const section = sections.find((each) => each.startsWith(heading));
  const text = section?.slice(section.indexOf('\n')).trim() ?? '';
  if (text !== '') return `${text}\n`;
  const heads = `CHANGELOG.md has no text under "## ${heading}`;
  throw new Error(
    draft
      ? `${heads}"`
      : `${heads}DATE". Give the section "[Unreleased]" this heading, or try it out with --draft.`,
  );
}

/** SHA256SUMS, as `sha256sum --check` reads it; sorted by name. */
export function checksums(files: readonly Released[]): string {
  return files
    .toSorted((a, b) => (a.name < b.name ? -1 : 1))
    .map(({ name, sha256 }) => `${sha256}  ${name}\n`)
    .join('');
}

/** The Homebrew formula of the npm package that is at `url`. Homebrew takes the version from the name of the file. */
export function formula(options: {
  readonly url: string;
  readonly sha256: string;
  readonly homepage: string;
  readonly license: string;
}): string {
  return `class Kboot < Formula
  desc "Kubernetes clusters on your own Linux machines, planned before applied"
  homepage "${options.homepage}"
  url "${options.url}"
  sha256 "${options.sha256}"
  license "${options.license}"

  depends_on "node"

  def install
    system "npm", "install", *std_npm_args
    bin.install_symlink libexec.glob("bin/*")
  end

  test do
    assert_match version.to_s, shell_output("#{bin}/kboot --version")
  end
end
`;
}

/** The files that ldd(1) lists: shared libraries and the loader, as absolute paths. Throws if one is not found. */
export function librariesOf(ldd: string): readonly string[] {
  return ldd
    .split('\n')
    .map((line) => line.trim())
    .flatMap((line) => {
      if (line.endsWith('=> not found')) throw new Error(`ldd: ${line}`);
      return /^(?:\S+ => )?(\/\S+) \(0x/.exec(line)?.[1] ?? [];
    });
}
