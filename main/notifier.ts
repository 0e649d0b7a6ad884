/** What a desktop notification says, and what can be done about it. */
export type Notice = {
  readonly title: string;
  readonly body: string;
  /** info: quiet, and gone soon; act: it stays until somebody acts, where the desktop offers that */
  readonly level: 'info' | 'warn' | 'act';
  readonly silent: boolean;
  /** a click on the notification itself is the action `open` */
  readonly actions: readonly { readonly id: NoticeAction; readonly label: string }[];
};

export type NoticeAction = 'open' | 'acknowledge' | 'snooze';

/** A notification on the screen, or in the desktop's list. */
export type ShownNotice = {
  /** Puts another in its place. Nothing happens where it was dismissed. */
  readonly replace: (notice: Notice) => void;
  readonly close: () => void;
};

/** Shows notifications in the way of one desktop. A desktop without notifications is not an error. */
export type Notifier = { readonly show: (notice: Notice, onAction: (action: NoticeAction) => void) => ShownNotice };
