"""What the bars say: GS1 text taken apart (`gs1`), and pictures read (`decode`). No database, no HTTP; doors and jobs use both."""
