//! Tables of the rules for checks.

/// Makes the rules of one kind of manifest out of a table. A row is
///
/// ```text
/// Variant "code" Severity specification "section" "What it means.";
/// ```
///
/// and the macro that `clause` names makes the clause of `specification "section"`.
macro_rules! rules {
    ($(#[$what:meta])* clause = $clause:ident;
        $($variant:ident $code:literal $severity:ident $of:ident $section:literal $meaning:literal;)*) => {
        $(#[$what])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[non_exhaustive]
        pub enum Rule {
            $(#[doc = $meaning] $variant,)*
        }

        impl Rule {
            /// Every rule.
            pub const ALL: &[Self] = &[$(Self::$variant,)*];

            /// The stable code, for programs.
            pub const fn code(self) -> &'static str {
                match self { $(Self::$variant => $code,)* }
            }

            /// How bad it is.
            pub const fn severity(self) -> $crate::manifest::Severity {
                match self { $(Self::$variant => $crate::manifest::Severity::$severity,)* }
            }

            /// The clause: a section of a specification, or the clause of what it is about.
            pub const fn clause(self) -> &'static str {
                match self { $(Self::$variant => $clause!($of $section),)* }
            }

            /// One sentence, for people.
            pub const fn meaning(self) -> &'static str {
                match self { $(Self::$variant => $meaning,)* }
            }
        }

        impl $crate::manifest::Checked for Rule {
            const TOO_MANY: Self = Self::TooMany;

            fn code(self) -> &'static str {
                self.code()
            }

            fn severity(self) -> $crate::manifest::Severity {
                self.severity()
            }

            fn clause(self) -> &'static str {
                self.clause()
            }
        }
    };
}

pub(crate) use rules;
