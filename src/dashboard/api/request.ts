/** One request to the API, with the text of its answer. */

/** From the page's own address, which may be below that of a project. */
export const API = "api/v1";

export interface Answer {
  readonly response: Response;
  readonly text: string;
}

/** Rejects as `fetch` does if there is no answer. */
export async function request(url: string, init: RequestInit = {}): Promise<Answer> {
  const response = await fetch(url, { ...init, credentials: "same-origin" });
  return { response, text: await response.text() };
}
