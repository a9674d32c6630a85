"""The screens: the browser, the stage, and the dialogs that open over them."""
