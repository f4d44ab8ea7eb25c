  pushq %rbp
  movq %rsp, %rbp
block0:
  movq %rdx, %r10
  movq %r10, %rax
  mulq %r8 ;; implicit: %rax, %rdx
  movq %r10, %rax
  imulq %r9, %r10
  imulq %r8, %rcx
  leaq (%r10, %rcx), %rcx
  leaq (%rdx, %rcx), %rcx
  imulq %r8, %rax
  movq 0x40(%rdi), %rdx
  movl %esi, %esi
  movq %rcx, 8(%rdx, %rsi)
  movq %rax, (%rdx, %rsi)
  movq %rbp, %rsp
  popq %rbp
  retq

  pushq %rbp
  movq %rsp, %rbp
block0:
  movq %rdx, %r10
  imulq %r8, %r10
  movq %rdx, %r11
  movq %r11, %rax
  mulq %r8 ;; implicit: %rax, %rdx
  movq %rdx, %rax
  movq %r11, %rdx
  movq %rax, %r11
  imulq %r9, %rdx
  imulq %r8, %rcx
  leaq (%rdx, %rcx), %rax
  movq %r11, %rdx
  leaq (%rdx, %rax), %rax
  movq 0x40(%rdi), %rcx
  movl %esi, %edx
  movq %r10, (%rcx, %rdx)
  movq %rax, 8(%rcx, %rdx)
  movq %rbp, %rsp
  popq %rbp
  retq

  pushq %rbp
  movq %rsp, %rbp
block0:
  movq %rdx, %r10
  imulq %r8, %r10
  movq %rdx, %r11
  movq %r11, %rax
  mulq %r8 ;; implicit: %rax, %rdx
  movq %rdx, %rax
  movq %r11, %rdx
  movq %rax, %r11
  imulq %r9, %rdx
  imulq %r8, %rcx
  leaq (%rdx, %rcx), %rax
  movq %r11, %rdx
  leaq (%rdx, %rax), %rax
  movq 0x40(%rdi), %rcx
  movl %esi, %edx
  movq %r10, 0x10(%rcx, %rdx)
  movq %rax, 0x18(%rcx, %rdx)
  movq %rbp, %rsp
  popq %rbp
  retq

  pushq %rbp
  movq %rsp, %rbp
block0:
  movq 0x48(%rdi), %rax
  movl %esi, %r10d
  leaq 0x10(%r10), %r11
  cmpq %rax, %r11
  jnbe    label2; j label1
block1:
  movq %rdx, %rax
  imulq %r8, %rax
  movq %rdx, %rsi
  movq 0x40(%rdi), %rdi
  movq %rax, (%rdi, %r10)
  movq %rsi, %rax
  mulq %r8 ;; implicit: %rax, %rdx
  movq %rdx, %rax
  movq %rsi, %rdx
  movq %rax, %rsi
  imulq %r9, %rdx
  imulq %r8, %rcx
  leaq (%rdx, %rcx), %rax
  movq %rsi, %rdx
  leaq (%rdx, %rax), %rax
  movq %rax, 8(%rdi, %r10)
  movq %rbp, %rsp
  popq %rbp
  retq
block2:
  call    User(userextname0)
  ud2

  pushq %rbp
  movq %rsp, %rbp
block0:
  movq 0x48(%rdi), %rax
  movl %esi, %r10d
  leaq 0x10(%r10), %r11
  cmpq %rax, %r11
  jnbe    label2; j label1
block1:
  movq %rdx, %rax
  imulq %r8, %rax
  movq %rdx, %rsi
  movq 0x40(%rdi), %rdi
  movq %rax, (%rdi, %r10)
  movq %rsi, %rax
  mulq %r8 ;; implicit: %rax, %rdx
  movq %rdx, %rax
  movq %rsi, %rdx
  movq %rax, %rsi
  imulq %r9, %rdx
  imulq %r8, %rcx
  leaq (%rdx, %rcx), %rax
  movq %rsi, %rdx
  leaq (%rdx, %rax), %rax
  movq %rax, 8(%rdi, %r10)
  movq %rbp, %rsp
  popq %rbp
  retq
block2:
  call    User(userextname0)
  ud2

  pushq %rbp
  movq %rsp, %rbp
block0:
  movq 0x48(%rdi), %rax
  movl %esi, %r10d
  leaq 0x20(%r10), %r11
  cmpq %rax, %r11
  jnbe    label2; j label1
block1:
  movq %rdx, %rax
  imulq %r8, %rax
  movq %rdx, %rsi
  movq 0x40(%rdi), %rdi
  movq %rax, 0x10(%rdi, %r10)
  movq %rsi, %rax
  mulq %r8 ;; implicit: %rax, %rdx
  movq %rdx, %rax
  movq %rsi, %rdx
  movq %rax, %rsi
  imulq %r9, %rdx
  imulq %r8, %rcx
  leaq (%rdx, %rcx), %rax
  movq %rsi, %rdx
  leaq (%rdx, %rax), %rax
  movq %rax, 0x18(%rdi, %r10)
  movq %rbp, %rsp
  popq %rbp
  retq
block2:
  call    User(userextname0)
  ud2

