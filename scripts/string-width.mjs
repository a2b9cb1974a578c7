// Stands in for the package string-width when yargs lays out help: kboot's help is plain text, and the real one
// costs a quarter of `kboot --help` to load its Unicode tables.
export default (text) => text.length;
