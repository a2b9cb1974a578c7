/** Where the operator's machine has a password: an absolute path, or the name of an environment variable. */
export type PasswordSource = { readonly file: string } | { readonly env: string };
