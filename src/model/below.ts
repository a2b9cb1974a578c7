/** The URL of a path below a base URL: `https://mirror.example.com/debian`. */
export function below(base: string, path: string): string {
  return `${base.replace(/\/+$/, '')}/${path.replace(/^\/+/, '')}`;
}
