/** Has the browser save a text as a file, whose name may come from people. */
export function download(name: string, type: "csv" | "json", text: string): void {
  const url = URL.createObjectURL(new Blob([text]));
  const link = document.createElement("a");
  link.href = url;
  link.download = `${name.replaceAll(/[^\p{L}\p{N}]+/gu, "-")}.${type}`;
  link.click();
  URL.revokeObjectURL(url);
}
