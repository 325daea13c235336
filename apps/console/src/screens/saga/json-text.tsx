/** An unchanged value of the API, for people who look for one field. */
export function JsonText({ value }: { readonly value: unknown }) {
  return <pre className="json mono">{JSON.stringify(value, null, 2)}</pre>;
}
