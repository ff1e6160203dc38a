// Questions that are answered before anything else goes on.

export interface Choice<T> {
  title: string;
  value: T;
  /** Whether it is what most want: Enter takes it. */
  isDefault?: boolean;
  /** Whether something is lost by it. */
  isDangerous?: boolean;
}

interface Dialog {
  title: string;
  text: string;
  choices: Array<Choice<unknown>>;
  /** The text to be changed, where one is asked for, and what is wrong with one. */
  input?: { value: string; label: string; check: (text: string) => string | null };
  answer: (value: unknown) => void;
}

export class Dialogs {
  /** What is asked now. */
  current = $state.raw<Dialog | null>(null);

  /** Asks to choose. Nothing when it was dismissed. */
  choose<T>(title: string, text: string, choices: Array<Choice<T>>): Promise<T | null> {
    return this.#ask({ title, text, choices }) as Promise<T | null>;
  }

  /** Asks for a text. Nothing when it was dismissed. */
  prompt(
    title: string,
    label: string,
    value: string,
    check: (text: string) => string | null = () => null,
  ): Promise<string | null> {
    const choices = [{ title: "OK", value: true, isDefault: true }];
    return this.#ask({ title, text: "", choices, input: { value, label, check } }) as Promise<string | null>;
  }

  #ask(dialog: Omit<Dialog, "answer">): Promise<unknown> {
    this.current?.answer(null);
    const returnTo = document.activeElement;
    return new Promise((resolve) => {
      const answer = (value: unknown) => {
        this.current = null;
        // The focus goes back to where it was, unless something has taken it.
        requestAnimationFrame(() => {
          if (document.activeElement === document.body && returnTo instanceof HTMLElement) returnTo.focus();
        });
        resolve(value);
      };
      this.current = { ...dialog, answer };
    });
  }
}
